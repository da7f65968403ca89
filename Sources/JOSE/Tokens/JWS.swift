/// A verified JWS in compact serialization.
///
/// Spec: RFC 7515 §7.1
/// Spec: RFC 8725 §3
package struct VerifiedJWS: Sendable {
    /// The protected header.
    package let header: JSONObject
    /// The payload.
    package let payload: [UInt8]
    /// The algorithm of the signature.
    package let algorithm: SignatureAlgorithm
    /// The `kid` of the header.
    package let kid: String?
}

/// JSON Web Signatures in compact serialization.
///
/// Spec: RFC 7515 §5
package enum JWS {
    /// The largest accepted token, in bytes.
    package static let maximumSize = 8 * 1024

    /// Signs a payload with a header.
    package static func sign(
        header: JSONObject, payload: [UInt8], with key: SigningKey
    ) throws(KeyError) -> String {
        let header = header.bytes
        var output: [UInt8] = []
        output.reserveCapacity((header.count + payload.count + 64) * 4 / 3 + 8)
        Base64URL.append(header, to: &output)
        output.append(UInt8(ascii: "."))
        Base64URL.append(payload, to: &output)
        let signature = try key.sign(output)
        output.append(UInt8(ascii: "."))
        Base64URL.append(signature, to: &output)
        return String(decoding: output, as: UTF8.self)
    }

    /// Verifies a token with the caller's algorithms and keys.
    ///
    /// The header only selects among them: `jwk`, `jku`, `x5u` and `x5c` are ignored, so that no token brings its own key. `expect`
    /// checks the header before any signature is verified. `limit` is the size of the largest accepted token, in bytes.
    package static func verify(
        _ compact: String, algorithms: Set<SignatureAlgorithm>, keys: VerificationKeySet,
        atMost limit: Int = maximumSize,
        expect: (JSONObject) throws(JWTError) -> Void = { _ throws(JWTError) in }
    ) throws(JWTError) -> VerifiedJWS {
        // Size and structure come first, so that malformed tokens are refused without decoding.
        guard compact.utf8.count <= limit else { throw .tooLarge }
        let bytes = Array(compact.utf8)
        let segments = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard segments.count == 3 else { throw .malformed }
        let header = try object(Base64URL.decode(slice: segments[0]))
        // RFC 7797's `b64` changes the signed bytes and is valid with `crit` only.
        guard header["crit"] == nil, header["b64"] == nil else { throw .criticalHeader }
        guard let algorithm = header["alg"]?.string.flatMap(SignatureAlgorithm.init), algorithms.contains(algorithm)
        else { throw .algorithmNotAllowed }
        try expect(header)
        // An unknown kid is an error of its own, so that callers can fetch a newer key set.
        let kid = try name(of: header)
        let candidates = keys.select(kid: kid, algorithm: algorithm)
        guard !candidates.isEmpty else { throw .unknownKey(kid: kid) }
        guard let payload = Base64URL.decode(slice: segments[1]), let signature = Base64URL.decode(slice: segments[2])
        else { throw .malformed }
        let signed = Array(bytes[..<segments[1].endIndex])
        guard candidates.contains(where: { $0.verifies(signature, over: signed, algorithm) }) else {
            throw .badSignature
        }
        return VerifiedJWS(header: header, payload: payload, algorithm: algorithm, kid: kid)
    }

    /// The header of a token that is not verified.
    static func header(of compact: String) throws(JWTError) -> JSONObject {
        guard compact.utf8.count <= maximumSize else { throw .tooLarge }
        return try object(Base64URL.decode(slice: Array(compact.utf8.prefix { $0 != UInt8(ascii: ".") })[...]))
    }

    static func object(_ bytes: [UInt8]?) throws(JWTError) -> JSONObject {
        guard let bytes, let object = try? JSONObject(parsing: bytes) else { throw .malformed }
        return object
    }

    private static func name(of header: JSONObject) throws(JWTError) -> String? {
        guard let kid = header["kid"] else { return nil }
        guard let name = kid.string else { throw .malformed }
        return name
    }
}
