/// A list of public keys as it is published.
///
/// Spec: RFC 7517 §5
package struct JWKSet: Hashable, Sendable {
    /// The keys that are understood, in the order they came.
    package let keys: [JWK]

    /// A set of these keys.
    package init(_ keys: [JWK]) { self.keys = keys }

    /// Reads a set; as §5 asks, keys that are not understood or not sound are left out rather than voiding the others.
    package init(json: JSONObject) throws(KeyError) {
        guard let entries = json["keys"]?.array else { throw .malformedSet }
        guard entries.count <= 100 else { throw .tooManyKeys }
        keys = entries.compactMap { entry in entry.object.flatMap { try? JWK(json: $0) } }
    }

    /// The set for publishing.
    package var json: JSONObject { ["keys": .array(keys.map { .object($0.json) })] }

    /// The keys that may verify a token with this algorithm and key name.
    ///
    /// A token that names a key gets keys of that name or none. A token that names none gets the only key that fits: where
    /// several fit, trying them all would be guessing.
    package func select(kid: String?, algorithm: SignatureAlgorithm) -> [JWK] {
        Self.select(keys, kid: kid, algorithm: algorithm) { $0 }
    }

    static func select<Key>(
        _ keys: [Key], kid: String?, algorithm: SignatureAlgorithm, jwk: (Key) -> JWK
    ) -> [Key] {
        let fitting = keys.filter { key in
            let jwk = jwk(key)
            return (kid == nil || jwk.kid == kid) && jwk.algorithms.contains(algorithm)
        }
        return kid == nil && fitting.count > 1 ? [] : fitting
    }
}
