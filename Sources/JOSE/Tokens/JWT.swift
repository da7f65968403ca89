/// A token whose signature and type are proven; what its claims mean is the caller's to judge.
package struct VerifiedJWT: Sendable {
    /// The protected header.
    package let header: JSONObject
    /// The claims.
    package let claims: JSONObject
    /// The algorithm of the signature.
    package let algorithm: SignatureAlgorithm
    /// The name of the key that the token asked for.
    package let kid: String?
}

/// Signed tokens of a stated type.
///
/// The type is always demanded: it is what keeps a token of one kind from being taken for one of another.
///
/// Spec: RFC 7519 §7
/// Spec: RFC 8725 §3.11
package enum JWT {
    /// A token of this type over these claims, under the key's own name.
    package static func sign(typ: String, claims: JSONObject, with key: SigningKey) throws(KeyError) -> String {
        let header: JSONObject = ["typ": .string(typ), "alg": "ES256", "kid": .string(key.kid)]
        return try JWS.sign(header: header, payload: claims.bytes, with: key)
    }

    /// Verifies a token of this type against the algorithms that the caller names and the keys that the caller trusts.
    package static func verify(
        _ compact: String, typ: String, algorithms: Set<SignatureAlgorithm>, keys: VerificationKeySet
    ) throws(JWTError) -> VerifiedJWT {
        let jws = try JWS.verify(compact, algorithms: algorithms, keys: keys) { header throws(JWTError) in
            guard let stated = header["typ"]?.string, same(stated, typ) else { throw .wrongType }
        }
        let claims = try JWS.object(jws.payload)
        return VerifiedJWT(header: jws.header, claims: claims, algorithm: jws.algorithm, kid: jws.kid)
    }

    /// RFC 7515 §4.1.9: a media type, of which `application/` may be left out, in any case.
    private static func same(_ stated: String, _ expected: String) -> Bool {
        let stated = stated.utf8.map(lowercased)
        let expected = expected.utf8.map(lowercased)
        return stated == expected || stated == Array("application/".utf8) + expected
    }

    private static func lowercased(_ byte: UInt8) -> UInt8 {
        UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte ? byte | 0x20 : byte
    }
}
