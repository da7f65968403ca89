package import JOSE

/// The token with which the registrant of a client reads, changes and removes the registration.
///
/// Spec: RFC 7592 §1.2
package struct RegistrationToken: Hashable, Sendable, RedactedCredential {
    private static let prefix = "gate_m_"
    private let text: String

    /// Parses a token: the prefix and 43 canonical base64url characters.
    package init?(_ text: String) {
        guard PrefixedSecret.holds32Bytes(text, behind: Self.prefix) else { return nil }
        self.text = text
    }

    private init(random: String) {
        text = Self.prefix + random
    }

    /// A new random token.
    package static func random() -> RegistrationToken { RegistrationToken(random: Random.token(32)) }

    /// The digest, which is stored instead of the token.
    package var digest: Digest { Digest.sha256(text) }

    /// The token, for the response that carries it.
    package func reveal() -> String { text }
}
