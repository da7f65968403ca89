package import JOSE

/// A single-use authorization code. It is derived from its interaction, so that a repeated approval yields the same code.
///
/// Spec: RFC 6749 §4.1.2
package struct AuthorizationCode: Hashable, Sendable, RedactedCredential {
    private static let prefix = "gate_c_"
    private let text: String

    /// Parses a code: the prefix and 43 canonical base64url characters.
    package init?(_ text: String) {
        guard PrefixedSecret.holds32Bytes(text, behind: Self.prefix) else { return nil }
        self.text = text
    }

    private init(mac: [UInt8]) {
        text = Self.prefix + Base64URL.encode(mac)
    }

    /// Derives the code of an approved interaction; only a holder of the key can compute it.
    package static func derive(key: [UInt8], interaction: InteractionID) -> AuthorizationCode {
        // The label separates this MAC from all others; the identifier has a fixed length, so the input is unambiguous.
        AuthorizationCode(mac: HMAC.sha256(key: key, Array("code".utf8), Array(interaction.string.utf8)))
    }

    /// The digest, which is stored instead of the code.
    package var digest: Digest { Digest.sha256(text) }

    /// The code, for the response that carries it.
    package func reveal() -> String { text }
}

/// The syntax of generated credentials: a prefix that secret scanners recognise, and 256 bits.
enum PrefixedSecret {
    static func holds32Bytes(_ text: String, behind prefix: String) -> Bool {
        text.utf8.count == prefix.utf8.count + 43 && text.hasPrefix(prefix)
            && Base64URL.decode(text.dropFirst(prefix.count))?.count == 32
    }
}
