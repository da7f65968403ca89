/// Why a text is not the value it was taken for, as one sentence that says what to write instead.
package struct OAuthValueError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The sentence; it never repeats a secret.
    package let sentence: String

    /// Makes the error from its sentence.
    package init(_ sentence: String) {
        self.sentence = sentence
    }

    /// The sentence itself.
    package var description: String { sentence }
}
