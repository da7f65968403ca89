import JOSE
package import OAuth
import Storage

/// Checks the DPoP proofs of requests to this server.
///
/// Every proof needs a nonce of this server, so that nobody who can use a key for a moment makes proofs for later.
///
/// Spec: RFC 9449 §5
package struct PossessionCheck: Sendable {
    let issuer: Issuer
    let keys: KeyRing

    private var nonces: DPoPNonces { DPoPNonces(key: keys.secret(.form).bytes) }

    /// The nonce for the next proof.
    package func nonce(at now: Timestamp) -> String { nonces.current(at: now) }

    /// The key that the `DPoP` headers of a POST to `endpoint` prove; nil for a request without one. The caller spends the proof once
    /// the request is granted.
    ///
    /// The address in the proof is compared with the configured issuer, never with the Host of the request: a proof for another
    /// server must not work here.
    func key(
        provenBy headers: [String], at endpoint: AdvertisedEndpoint, now: Timestamp
    ) throws(OAuthError) -> ProvenKey? {
        guard let header = try DPoPRule.header(of: headers) else { return nil }
        let proof = try DPoPProof(header)
        let request = DPoPRequest(method: "POST", target: issuer.endpoint(endpoint.path))
        try DPoPRule.check(proof, for: request, now: now)
        guard let nonce = proof.nonce, nonces.accepts(nonce, at: now) else {
            throw OAuthError(.useDPoPNonce, "Make a new DPoP proof with the nonce of the DPoP-Nonce header.")
        }
        return ProvenKey(proof, at: endpoint)
    }
}
