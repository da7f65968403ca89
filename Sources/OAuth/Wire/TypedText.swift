/// A line of text that an administrator typed.
package enum TypedText {
    /// The text without surrounding white space, or a sentence that says what is wrong with it. `name` begins that sentence, such as
    /// `The owner`.
    package static func checked(
        _ text: String, as name: String, atMost limit: Int
    ) throws(OAuthValueError) -> String {
        let trimmed = trimmed(text)
        guard !trimmed.isEmpty else { throw OAuthValueError("\(name) is empty.") }
        guard trimmed.utf8.count <= limit else { throw OAuthValueError("\(name) is longer than \(limit) bytes.") }
        guard trimmed.unicodeScalars.allSatisfy(isPlain) else {
            throw OAuthValueError("\(name) contains control or formatting characters.")
        }
        return trimmed
    }

    /// The text without surrounding white space, including the zero-width characters that a copy from a web page can contain.
    package static func trimmed(_ text: String) -> String {
        let scalars = text.unicodeScalars
        guard let first = scalars.firstIndex(where: { !isBlank($0) }),
            let last = scalars.lastIndex(where: { !isBlank($0) })
        else { return "" }
        return String(scalars[first...last])
    }

    private static func isBlank(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x180E, 0x200B, 0x2060, 0xFEFF: true
        default: scalar.properties.isWhitespace
        }
    }

    private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        switch Visibility(scalar) {
        case .shown: true
        case .blank: scalar.properties.generalCategory == .spaceSeparator
        case .joiner, .control, .hidden: false
        }
    }
}
