package import JOSE

/// Where the public keys of a client or an MCP server are.
///
/// Spec: RFC 7591 §2
package enum ClientKeys: Hashable, Sendable {
    /// The canonical bytes of a JWK set that was given by value (`jwks`). Unusable keys are left out.
    case inline([UInt8])
    /// The URL of a JWK set (`jwks_uri`).
    case url(String)

    /// Whether the keys are at a URL, where their owner replaces them.
    package var isAtURL: Bool { if case .url = self { true } else { false } }

    /// The most keys of a set that is given by value.
    static let mostKeys = 20

    /// The keys of a JWK set, without those that verify no signature here; nil for a set without a usable key or with too many.
    package init?(set: JSONObject) {
        guard let keys = try? JWKSet(json: set).keys.filter({ !$0.algorithms.isEmpty }),
            (1...Self.mostKeys).contains(keys.count)
        else { return nil }
        self = .inline(JWKSet(keys).json.bytes)
    }
}
