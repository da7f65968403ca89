/// An error of the JSON parser.
package struct JSONError: Error, Hashable, CustomStringConvertible {
    /// The cause, as the end of the sentence "The JSON …".
    package enum Reason: String, Sendable {
        /// More bytes than the limit.
        case tooLarge = "is too large"
        /// Arrays and objects nested beyond the limit.
        case tooDeep = "is nested too deeply"
        /// An array or object with more entries than the limit.
        case tooManyMembers = "has too many members"
        /// Invalid UTF-8 or an unpaired surrogate.
        case invalidUnicode = "is not valid Unicode"
        /// A leading byte-order mark.
        case byteOrderMark = "starts with a byte-order mark"
        /// A duplicate name in an object.
        case duplicateMember = "names a member twice"
        /// An unescaped control character, or a NUL in any form.
        case controlCharacter = "holds a forbidden control character"
        /// A number beyond 64 bits.
        case numberOutOfRange = "holds a number that is out of range"
        /// Bytes after the value.
        case trailingBytes = "goes on after its end"
        /// Any other syntax error.
        case syntax = "is malformed"
        /// A value other than the required object.
        case notAnObject = "is not an object"
    }

    /// The cause.
    package let reason: Reason
    /// The byte offset of the error.
    package let offset: Int

    init(_ reason: Reason, at offset: Int) {
        self.reason = reason
        self.offset = offset
    }

    /// One sentence that does not quote the text, which may contain secrets.
    package var description: String { "The JSON \(reason.rawValue) (at byte \(offset))." }
}
