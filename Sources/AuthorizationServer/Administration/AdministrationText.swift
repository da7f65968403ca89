import OAuth

/// Checks texts from the command line that pages and tables show: one line, a maximum length in bytes, and no character that
/// could control a terminal or reorder a page.
enum AdministrationText {
    /// The text without surrounding white space. `name` begins the sentence of an error, such as `The owner`.
    static func checked(_ text: String, as name: String, atMost limit: Int = 200) throws(AdministrationError) -> String
    {
        do {
            return try TypedText.checked(text, as: name, atMost: limit)
        } catch {
            throw AdministrationError(.invalid, error.sentence)
        }
    }

    /// The text without surrounding white space, including the zero-width characters that a copy from a web page can contain.
    static func trimmed(_ text: String) -> String { TypedText.trimmed(text) }
}
