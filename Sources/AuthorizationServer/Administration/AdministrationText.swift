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

    private static func trimmed(_ text: String) -> String {
        let start = text.drop(while: \.isWhitespace)
        return String(start.reversed().drop(while: \.isWhitespace).reversed())
    }

    private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        switch Visibility(scalar) {
        case .shown: true
        case .blank: scalar.properties.generalCategory == .spaceSeparator
        case .joiner, .control, .hidden: false
        }
    }
}
