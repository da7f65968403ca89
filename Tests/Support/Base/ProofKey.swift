package import JOSE
package import OAuth

/// A client's key, with which it makes DPoP proofs.
package struct ProofKey: Sendable {
    private let key = SigningKey.generate()

    /// Makes a key.
    package init() {}

    /// The thumbprint of the key.
    package var thumbprint: String { key.jwk.thumbprint }

    /// The public half as a proof carries it in its header.
    package var jwk: JSONObject {
        var members = key.jwk.json
        for name in ["kid", "use", "alg"] { members[name] = nil }
        return members
    }

    /// A proof for a request to `target` with the access token `token`. In `claims` and `header` nil removes a member and a value
    /// replaces or adds one.
    package func proof(
        _ method: String = "POST", for target: String, at now: Timestamp, nonce: String? = nil, token: String? = nil,
        _ claims: [String: JSON?] = [:], header: [String: JSON?] = [:]
    ) throws -> String {
        var payload: JSONObject = [
            "jti": .string(Random.token(12)), "htm": .string(method), "htu": .string(target),
            "iat": .integer(now.seconds),
        ]
        payload["nonce"] = nonce.map(JSON.string)
        payload["ath"] = token.map { .string(Digest.sha256($0).base64URL) }
        for (name, value) in claims { payload[name] = value }
        var head: JSONObject = ["typ": "dpop+jwt", "alg": "ES256", "jwk": .object(jwk)]
        for (name, value) in header { head[name] = value }
        return try JWS.sign(header: head, payload: payload.bytes, with: key)
    }

    /// A proof with this payload, byte by byte.
    package func proof(signing payload: [UInt8]) throws -> String {
        try JWS.sign(
            header: ["typ": "dpop+jwt", "alg": "ES256", "jwk": .object(jwk)], payload: payload, with: key)
    }
}
