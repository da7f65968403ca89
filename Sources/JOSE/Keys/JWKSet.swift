/// A JSON Web Key Set.
///
/// Spec: RFC 7517 §5
package struct JWKSet: Hashable, Sendable {
    /// The supported keys, in their order.
    package let keys: [JWK]

    /// Makes a set.
    package init(_ keys: [JWK]) { self.keys = keys }

    /// Parses a set. Unknown and malformed keys are skipped, as §5 requires.
    package init(json: JSONObject) throws(KeyError) {
        guard let entries = json["keys"]?.array else { throw .malformedSet }
        guard entries.count <= 100 else { throw .tooManyKeys }
        keys = entries.compactMap { entry in entry.object.flatMap { try? JWK(json: $0) } }
    }

    /// The set as JSON.
    package var json: JSONObject { ["keys": .array(keys.map { .object($0.json) })] }

    /// The keys that may verify a token with this `kid` and algorithm.
    ///
    /// A token with a `kid` gets only keys of that name. A token without one gets a key only if exactly one fits: trying several
    /// would be guessing.
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
