import AuthorizationServer

/// The text of an error as a sentence, with a capital and a full stop. Errors of other modules are parts of sentences.
enum Sentence {
    static func of(_ error: any Error) -> String { of(ErrorText.of(error)) }

    static func of(_ text: String) -> String {
        let sentence = text.prefix(1).uppercased() + text.dropFirst()
        return sentence.hasSuffix(".") ? sentence : sentence + "."
    }
}
