import JOSE
import OAuth

/// Verifies the proof of one request: made by the token's key, for this very request and token, and used once.
///
/// Spec: RFC 9449 §4.3
/// Spec: RFC 9449 §7.1
struct ProofVerification: Sendable {
    /// Why a request with a proof is refused.
    enum Fault: Error {
        case invalid(reason: String)
        case nonceMissing
        case memoryFull
    }

    /// The accepted algorithms, as metadata and challenges list them.
    static let algorithms = DPoPProof.algorithms.map(\.rawValue)
    private static let shortestKey = 32

    let areRequired: Bool
    private let resource: ResourceIdentifier
    private let nonces: DPoPNonces?
    private let used: UsedProofs

    init(_ configuration: ProofConfiguration, of resource: ResourceIdentifier) throws(InvalidConfiguration) {
        if let key = configuration.nonceKey, key.count < Self.shortestKey {
            throw InvalidConfiguration("The secret for nonces has at least \(Self.shortestKey) bytes.")
        }
        areRequired = configuration.areRequired
        self.resource = resource
        nonces = configuration.nonceKey.map { DPoPNonces(key: $0) }
        used = UsedProofs(capacity: configuration.memory)
    }

    /// The nonce for the next proof; nil where none is demanded.
    func nonce(at now: Timestamp) -> String? { nonces?.current(at: now) }

    /// Verifies the proof of a request with a verified token of this key. Nothing is remembered before everything else is valid, so
    /// that forged proofs fill no memory.
    func verify(
        _ presented: RequestProof, of token: String, boundTo key: KeyThumbprint, now: Timestamp
    ) throws(Fault) {
        let proof: DPoPProof
        do throws(OAuthError) {
            guard let field = try DPoPRule.header(of: presented.fields) else {
                throw OAuthError(.invalidDPoPProof, "Send a DPoP proof.", reason: "no DPoP header")
            }
            proof = try DPoPProof(field)
            let request = DPoPRequest(
                method: presented.method, target: presented.url ?? resource.string,
                token: DPoPRequest.BoundToken(token, boundTo: key))
            try DPoPRule.check(proof, for: request, now: now)
        } catch {
            throw .invalid(reason: error.reason ?? error.description)
        }
        if let nonces {
            guard let nonce = proof.nonce, nonces.accepts(nonce, at: now) else { throw .nonceMissing }
        }
        switch used.claim(proof, now: now) {
        case .new: return
        case .used: throw .invalid(reason: "the proof was used before")
        case .full: throw .memoryFull
        }
    }
}
