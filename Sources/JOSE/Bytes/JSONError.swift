/// Why a text is not JSON that is accepted here.
package struct JSONError: Error, Hashable, CustomStringConvertible {
    /// What is wrong, as the end of the sentence "The JSON …".
    package enum Reason: String, Sendable {
        /// More bytes than the limit.
        case tooLarge = "is too large"
        /// Lists and objects inside each other beyond the limit.
        case tooDeep = "is nested too deeply"
        /// One list or object with more entries than the limit.
        case tooManyMembers = "has too many members"
        /// Bytes that are not UTF-8, or half of a surrogate pair.
        case invalidUnicode = "is not valid Unicode"
        /// A byte-order mark in front.
        case byteOrderMark = "starts with a byte-order mark"
        /// A name that comes twice in one object.
        case duplicateMember = "names a member twice"
        /// A NUL or another control character that has to be escaped, or an escaped NUL.
        case controlCharacter = "holds a forbidden control character"
        /// A number that no 64-bit value holds.
        case numberOutOfRange = "holds a number that is out of range"
        /// Something after the value.
        case trailingBytes = "goes on after its end"
        /// Anything else that the grammar does not allow.
        case syntax = "is malformed"
        /// A value where an object is demanded.
        case notAnObject = "is not an object"
    }

    /// What is wrong.
    package let reason: Reason
    /// How many bytes in.
    package let offset: Int

    init(_ reason: Reason, at offset: Int) {
        self.reason = reason
        self.offset = offset
    }

    /// One sentence that quotes nothing of the text.
    package var description: String { "The JSON \(reason.rawValue) (at byte \(offset))." }
}
