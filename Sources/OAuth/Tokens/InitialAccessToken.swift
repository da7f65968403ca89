package import JOSE

/// A generated token of 256 bits that lets its holder register a client. With that entropy a plain SHA-256 is safe to store.
///
/// Spec: RFC 7591 §1.2
package struct InitialAccessToken: Hashable, Sendable, RedactedCredential {
    private static let prefix = "gate_i_"
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
    package static func random() -> InitialAccessToken { InitialAccessToken(random: Random.token(32)) }

    /// The digest, which is stored instead of the token.
    package var digest: Digest { Digest.sha256(text) }

    /// The token, for showing it once.
    package func reveal() -> String { text }
}
