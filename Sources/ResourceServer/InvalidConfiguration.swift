import OAuth

/// Why a `ProtectedResource` cannot be made, as one sentence that says what to write instead.
public struct InvalidConfiguration: Error, Hashable, Sendable, CustomStringConvertible {
    /// The sentence; it never repeats a secret.
    public let description: String

    init(_ sentence: String) {
        description = sentence
    }

    init(_ error: OAuthValueError) {
        description = error.sentence
    }
}
