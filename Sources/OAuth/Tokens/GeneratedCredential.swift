package import JOSE

/// A use of generated credentials. Its prefix tells users and secret scanners what a credential is for.
package protocol CredentialUse: Hashable, Sendable {
    /// What stands before the random part.
    static var prefix: String { get }
}

/// A random credential of 256 bits behind the prefix of its use. With that entropy a plain SHA-256 is safe to store.
package struct GeneratedCredential<Use: CredentialUse>: Hashable, Sendable, RedactedCredential {
    private let text: String

    /// Parses a credential: the prefix and 43 canonical base64url characters.
    package init?(_ text: String) {
        guard PrefixedSecret.holds32Bytes(text, behind: Use.prefix) else { return nil }
        self.text = text
    }

    private init(random: String) {
        text = Use.prefix + random
    }

    /// A new random credential.
    package static func random() -> Self { Self(random: Random.token(32)) }

    /// The digest, which is stored instead of the credential.
    package var digest: Digest { Digest.sha256(text) }

    /// The credential, for the one response or output that carries it.
    package func reveal() -> String { text }
}

/// A secret of a client or an MCP server.
///
/// Spec: RFC 6749 §2.3.1
package typealias ClientSecret = GeneratedCredential<ClientSecretUse>

/// The use of `ClientSecret`.
package enum ClientSecretUse: CredentialUse {
    package static let prefix = "gate_s_"
}
