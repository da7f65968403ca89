/// The keys of one issuer, parsed once and kept for as long as the set is valid.
package struct VerificationKeySet: Sendable {
    private let keys: [VerificationKey]

    /// Parses a set; a key whose numbers are unsound is left out like one that is not understood.
    package init(_ set: JWKSet) {
        keys = set.keys.compactMap { try? VerificationKey($0) }
    }

    /// A set of keys that are parsed already.
    package init(_ keys: [VerificationKey]) { self.keys = keys }

    /// Whether a key of this name is there, so that a caller can fetch the set anew when it is not.
    package func contains(kid: String) -> Bool { keys.contains { $0.jwk.kid == kid } }

    /// Whether no key is usable.
    package var isEmpty: Bool { keys.isEmpty }

    func select(kid: String?, algorithm: SignatureAlgorithm) -> [VerificationKey] {
        JWKSet.select(keys, kid: kid, algorithm: algorithm) { $0.jwk }
    }
}
