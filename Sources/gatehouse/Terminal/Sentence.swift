import AuthorizationServer

/// The text of an error as a sentence, with a capital and a full stop or a question mark. Errors of other modules are parts of sentences.
enum Sentence {
    static func of(_ error: any Error) -> String { of(ErrorText.of(error)) }

    static func of(_ text: String) -> String {
        let sentence = text.prefix(1).uppercased() + text.dropFirst()
        return sentence.hasSuffix(".") || sentence.hasSuffix("?") ? sentence : sentence + "."
    }

    /// A number with its noun, such as `1 day` or `3 days`.
    static func count(_ number: some BinaryInteger, _ noun: String) -> String {
        "\(number) \(noun)\(number == 1 ? "" : "s")"
    }
}
