/// An invalid value, described by one sentence that says what to write instead.
package struct OAuthValueError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The sentence. It never contains a secret.
    package let sentence: String

    /// Makes an error from its sentence.
    package init(_ sentence: String) {
        self.sentence = sentence
    }

    /// The sentence itself.
    package var description: String { sentence }
}
