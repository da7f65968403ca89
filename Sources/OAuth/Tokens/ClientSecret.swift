package import JOSE

/// A generated secret of 256 bits for a client or MCP server. With that entropy a plain SHA-256 is safe to store.
///
/// Spec: RFC 6749 §2.3.1
package struct ClientSecret: Hashable, Sendable, RedactedCredential {
    private static let prefix = "gate_s_"
    private let text: String

    /// Parses a secret: the prefix and 43 canonical base64url characters.
    package init?(_ text: String) {
        guard PrefixedSecret.holds32Bytes(text, behind: Self.prefix) else { return nil }
        self.text = text
    }

    private init(random: String) {
        text = Self.prefix + random
    }

    /// A new random secret.
    package static func random() -> ClientSecret { ClientSecret(random: Random.token(32)) }

    /// The digest, which is stored instead of the secret.
    package var digest: Digest { Digest.sha256(text) }

    /// The secret, for showing it once.
    package func reveal() -> String { text }
}
