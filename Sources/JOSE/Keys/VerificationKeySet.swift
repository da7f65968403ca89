/// The parsed keys of one issuer, for any number of verifications.
package struct VerificationKeySet: Sendable {
    private let keys: [VerificationKey]

    /// Parses a set; invalid keys are skipped like unknown ones.
    package init(_ set: JWKSet) {
        keys = set.keys.compactMap { try? VerificationKey($0) }
    }

    /// Makes a set of parsed keys.
    package init(_ keys: [VerificationKey]) { self.keys = keys }

    /// Whether the set has a key of this name; if not, a caller may fetch the set again.
    package func contains(kid: String) -> Bool { keys.contains { $0.jwk.kid == kid } }

    /// Whether the set has no usable key.
    package var isEmpty: Bool { keys.isEmpty }

    func select(kid: String?, algorithm: SignatureAlgorithm) -> [VerificationKey] {
        JWKSet.select(keys, kid: kid, algorithm: algorithm) { $0.jwk }
    }
}
