package import JOSE

/// The `request_uri` of a pushed authorization request: a URN with a random part of 256 bits.
///
/// Spec: RFC 9126 §2.2
package struct PushedRequestURI: Hashable, Sendable, RedactedCredential {
    private static let prefix = "urn:ietf:params:oauth:request_uri:"
    private let text: String

    /// Parses a `request_uri` that this server may have issued, in its only spelling. A URI of any other form, such as the
    /// address of a request object, is nobody's pushed request.
    package init?(_ text: String) {
        guard PrefixedSecret.holds32Bytes(text, behind: Self.prefix) else { return nil }
        self.text = text
    }

    private init(random: String) {
        text = Self.prefix + random
    }

    /// A new random URI.
    package static func random() -> PushedRequestURI { PushedRequestURI(random: Random.token(32)) }

    /// The digest, which is stored instead of the URI.
    package var digest: Digest { Digest.sha256(text) }

    /// The URI, for the client that pushed the request.
    package func reveal() -> String { text }

    /// Whether a text has the form of a reference to a pushed request, whether valid or not.
    package static func isReference(_ text: String) -> Bool { text.hasPrefix(prefix) }
}
