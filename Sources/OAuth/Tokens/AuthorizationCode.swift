package import JOSE

/// A single-use code, derived from the interaction that earned it: asked twice, the same approval shows the same code.
///
/// Spec: RFC 6749 §4.1.2
package struct AuthorizationCode: Hashable, Sendable, RedactedCredential {
    private static let prefix = "gate_c_"
    private let text: String

    /// Reads a code: the prefix and 43 canonical base64url characters.
    package init?(_ text: String) {
        guard PrefixedSecret.holds32Bytes(text, behind: Self.prefix) else { return nil }
        self.text = text
    }

    private init(mac: [UInt8]) {
        text = Self.prefix + Base64URL.encode(mac)
    }

    /// The code of an approved interaction; nobody without the key can compute it.
    package static func derive(key: [UInt8], interaction: InteractionID) -> AuthorizationCode {
        // The label keeps this MAC apart from every other one; the identifier has one length, so nothing can shift.
        AuthorizationCode(mac: HMAC.sha256(key: key, Array("code".utf8), Array(interaction.string.utf8)))
    }

    /// What is stored in its place.
    package var digest: Digest { Digest.sha256(text) }

    /// The code, for the one answer that carries it.
    package func reveal() -> String { text }
}

/// The form that our high-entropy credentials share: a prefix that scanners know, and 256 bits.
enum PrefixedSecret {
    static func holds32Bytes(_ text: String, behind prefix: String) -> Bool {
        text.utf8.count == prefix.utf8.count + 43 && text.hasPrefix(prefix)
            && Base64URL.decode(text.dropFirst(prefix.count))?.count == 32
    }
}
