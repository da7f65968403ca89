/// An authentication context class reference (`acr`).
///
/// Spec: RFC 9470 §4
package struct AuthenticationContext: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    /// The wire value.
    package let rawValue: String

    /// Accepts any value: unknown ones are compared, not refused.
    package init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// A context that an authentication request can carry; nil for any other text.
    package init?(requestable text: String) {
        guard (1...255).contains(text.utf8.count), text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            return nil
        }
        self.init(rawValue: text)
    }

    /// The wire value.
    package var description: String { rawValue }

    /// Sign-in by name and password.
    package static let password = AuthenticationContext(
        rawValue: "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport")
}
