/// A token with verified signature and type. The caller has to check its claims.
package struct VerifiedJWT: Sendable {
    /// The protected header.
    package let header: JSONObject
    /// The claims.
    package let claims: JSONObject
    /// The algorithm of the signature.
    package let algorithm: SignatureAlgorithm
    /// The `kid` of the header.
    package let kid: String?
}

/// JSON Web Tokens with an explicit type.
///
/// The type is mandatory: it prevents a token of one kind from being accepted as another.
///
/// Spec: RFC 7519 §7
/// Spec: RFC 8725 §3.11
package enum JWT {
    /// Signs claims as a token of this type, with the key's `kid`.
    package static func sign(typ: String, claims: JSONObject, with key: SigningKey) throws(KeyError) -> String {
        let header: JSONObject = ["typ": .string(typ), "alg": "ES256", "kid": .string(key.kid)]
        return try JWS.sign(header: header, payload: claims.bytes, with: key)
    }

    /// Verifies a token of this type with the caller's algorithms and keys.
    package static func verify(
        _ compact: String, typ: String, algorithms: Set<SignatureAlgorithm>, keys: VerificationKeySet
    ) throws(JWTError) -> VerifiedJWT {
        let jws = try JWS.verify(compact, algorithms: algorithms, keys: keys) { header throws(JWTError) in
            guard let stated = header["typ"]?.string, same(stated, typ) else { throw .wrongType }
        }
        let claims = try JWS.object(jws.payload)
        return VerifiedJWT(header: jws.header, claims: claims, algorithm: jws.algorithm, kid: jws.kid)
    }

    /// Compares media types as RFC 7515 §4.1.9 says: case-insensitively, with an optional `application/`.
    private static func same(_ stated: String, _ expected: String) -> Bool {
        let stated = stated.utf8.map(lowercased)
        let expected = expected.utf8.map(lowercased)
        return stated == expected || stated == Array("application/".utf8) + expected
    }

    private static func lowercased(_ byte: UInt8) -> UInt8 {
        UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte ? byte | 0x20 : byte
    }
}
