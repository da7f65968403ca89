import OAuth

/// Texts that operators type and that other people read: bounded, on one line, and without characters that steer.
enum AdministrationText {
    /// The text without blanks around it, if it may stand in a page and in a table.
    static func checked(_ text: String, as what: String, atMost limit: Int = 200) throws(AdministrationError) -> String
    {
        let trimmed = trimmed(text)
        guard !trimmed.isEmpty else { throw AdministrationError(.invalid, "\(what) is empty.") }
        guard trimmed.utf8.count <= limit else {
            throw AdministrationError(.invalid, "\(what) is longer than \(limit) bytes.")
        }
        guard trimmed.unicodeScalars.allSatisfy(isPlain) else {
            throw AdministrationError(.invalid, "\(what) holds control or formatting characters.")
        }
        return trimmed
    }

    /// The text without the blanks around it: all that Unicode calls white space, and the zero-width ones that come along
    /// when a name is copied from a page.
    static func trimmed(_ text: String) -> String {
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
