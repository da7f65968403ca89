import OAuth

/// An invalid configuration of a `ProtectedResource`.
public struct InvalidConfiguration: Error, Hashable, Sendable, CustomStringConvertible {
    /// One sentence that says what to change. It never contains a secret.
    public let description: String

    init(_ sentence: String) {
        description = sentence
    }

    init(_ error: OAuthValueError) {
        description = error.sentence
    }
}
