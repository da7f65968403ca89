package import JOSE

/// A proof of possession for one HTTP request, whose signature, type and form are verified.
///
/// `DPoPRule` decides whether the proof is for the request at hand.
///
/// Spec: RFC 9449 §4.2
package struct DPoPProof: Sendable, RedactedCredential {
    /// The type in the header, which keeps other tokens of the same key from being taken for a proof.
    package static let type = "dpop+jwt"
    /// The accepted algorithms, as the metadata lists them.
    package static let algorithms: [SignatureAlgorithm] = [.es256, .es384, .edDSA, .ps256, .rs256]
    /// In bytes: an id is stored as a digest, but a client that sends more than this is not counting on one.
    private static let longestID = 256

    /// The thumbprint of the key that made the proof (`jkt`).
    package let thumbprint: KeyThumbprint
    /// The unique id of the proof (`jti`).
    package let id: String
    /// The method of the request (`htm`).
    package let method: String
    /// The URI of the request (`htu`), as the client spelled it.
    package let target: String
    /// When the client made the proof (`iat`), in whole seconds.
    package let issuedAt: Timestamp
    /// The digest of the access token that the request carries (`ath`); nil for a request without one.
    package let tokenDigest: Digest?
    /// The nonce of the server that the proof is for; nil for a proof without one.
    package let nonce: String?

    /// Verifies and reads the value of a `DPoP` header.
    package init(_ compact: String) throws(OAuthError) {
        let proof: PossessionProof
        do {
            proof = try PossessionProof(compact, typ: Self.type, algorithms: Set(Self.algorithms))
        } catch {
            throw Self.refusal("\(error)")
        }
        let claims = proof.token.claims
        guard let id = claims["jti"]?.string, (1...Self.longestID).contains(id.utf8.count) else {
            throw Self.refusal("no usable jti")
        }
        guard let method = claims["htm"]?.string, let target = claims["htu"]?.string else {
            throw Self.refusal("no htm or no htu")
        }
        guard let issuedAt = Timestamp(numericDate: claims["iat"]) else { throw Self.refusal("no usable iat") }
        tokenDigest = try Self.digest(claims["ath"])
        nonce = try Self.text(claims["nonce"])
        thumbprint = KeyThumbprint(of: proof.key)
        (self.id, self.method, self.target) = (id, method, target)
        self.issuedAt = issuedAt
    }

    private static func digest(_ claim: JSON?) throws(OAuthError) -> Digest? {
        guard let claim else { return nil }
        guard let digest = claim.string.flatMap({ Base64URL.decode($0) }).flatMap({ Digest(bytes: $0) }) else {
            throw refusal("ath is no digest")
        }
        return digest
    }

    private static func text(_ claim: JSON?) throws(OAuthError) -> String? {
        guard let claim else { return nil }
        guard let text = claim.string else { throw refusal("nonce is no string") }
        return text
    }

    static func refusal(_ reason: String) -> OAuthError {
        OAuthError(.invalidDPoPProof, "The DPoP proof is not valid for this request.", reason: reason)
    }
}
