/// A token whose signature proves that its sender holds the private half of the key in its header.
///
/// It proves nothing else: anyone can make a key. The caller compares the key with the one that it expects, or binds something new
/// to it.
///
/// Spec: RFC 7515 §4.1.3
package struct PossessionProof: Sendable {
    /// The token.
    package let token: VerifiedJWT
    /// The key in the header, which made the signature.
    package let key: JWK

    private static let imported = ImportedKeys()

    /// Verifies a token of this type with the public key in its own header. A private or a symmetric key there is refused.
    package init(
        _ compact: String, typ: String, algorithms: Set<SignatureAlgorithm>
    ) throws(JWTError) {
        try self.init(compact, typ: typ, algorithms: algorithms, imported: Self.imported)
    }

    /// Verifies it with the key from `imported`, and remembers the key there.
    init(
        _ compact: String, typ: String, algorithms: Set<SignatureAlgorithm>, imported: ImportedKeys
    ) throws(JWTError) {
        let header = try JWS.header(of: compact)
        guard let members = header["jwk"]?.object else { throw .malformed }
        // Before the key is imported, which costs more than all checks of the text.
        guard let algorithm = header["alg"]?.string.flatMap(SignatureAlgorithm.init), algorithms.contains(algorithm)
        else { throw .algorithmNotAllowed }
        let key: VerificationKey
        do throws(KeyError) {
            var jwk = try JWK(json: members)
            // A name in the header selects among keys, and here is only one.
            jwk.kid = header["kid"]?.string
            guard jwk.algorithms.contains(algorithm) else { throw .unsupported }
            key = try imported.key(jwk)
        } catch {
            throw .unusableKey
        }
        token = try JWT.verify(compact, typ: typ, algorithms: algorithms, keys: VerificationKeySet([key]))
        imported.remember(key)
        self.key = key.jwk
    }
}
