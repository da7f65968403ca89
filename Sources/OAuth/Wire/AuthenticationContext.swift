/// How a person signed in, in a word that both sides know: `acr`.
///
/// Spec: RFC 9470 §4
package struct AuthenticationContext: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    /// The word on the wire.
    package let rawValue: String

    /// Takes any word: unknown ones are compared, not refused.
    package init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// The word itself.
    package var description: String { rawValue }

    /// By name and password.
    package static let password = AuthenticationContext(
        rawValue: "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport")
}
