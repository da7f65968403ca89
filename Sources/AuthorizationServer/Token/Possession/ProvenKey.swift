import JOSE
import OAuth
import Storage

/// A key that a request proved to hold, with the proof that counts once.
struct ProvenKey: Sendable {
    let thumbprint: KeyThumbprint
    /// The name of the proof in the memory of one-time tokens.
    private let name: Digest
    /// Until when the proof would be accepted again, if nobody remembered it.
    private let expiresAt: Timestamp

    /// The key of a proof that was checked for a request to `endpoint`.
    init(_ proof: DPoPProof, at endpoint: AdvertisedEndpoint) {
        thumbprint = proof.thumbprint
        name = Replays.digest(
            purpose: "DPoP proof at \(endpoint.path)", party: proof.thumbprint.string, token: proof.id)
        expiresAt = DPoPRule.end(of: proof) + 1
    }

    /// Spends the proof. Throws if it was used before or cannot be remembered, so that the transaction takes back everything that
    /// the request changed in it.
    ///
    /// The proof of a request that anybody can send takes a place of all strangers together, `isOfStranger`. Any other one takes a
    /// place of its key, so that no key can keep another one out.
    func spend(in transaction: Transaction, isOfStranger: Bool = false) throws {
        let purpose = "DPoP proof"
        let share = isOfStranger ? ReplayShare.strangers(for: purpose) : .own(of: thumbprint.string, for: purpose)
        let isNew: Bool
        do {
            isNew = try transaction.replays.spend(name, until: expiresAt, in: share)
        } catch is ReplayMemoryFull {
            throw OAuthError(
                .temporarilyUnavailable, "Too many clients prove their keys at the moment. Try again later.",
                reason: "a share of the memory of one-time tokens is full")
        }
        guard isNew else {
            throw OAuthError(
                .invalidDPoPProof, "Make a new DPoP proof for each request.", reason: "the proof was used before")
        }
    }
}

extension Client {
    /// The proof of possession that every token of the client needs.
    var proofDemand: ProofDemand { metadata.requirements.contains(.boundTokens) ? .anyKey : .nothing }
}

extension Identified where Asker == Client {
    /// Makes an approved session active, and keeps with it what the client proved: its refresh tokens demand the same from now on.
    /// False if the session is not approved.
    func activate(_ session: SessionID, in transaction: Transaction, now: Timestamp) throws -> Bool {
        try transaction.sessions.activate(session, by: method, demanding: refreshDemand, now: now)
    }

    /// A public client has only its key to show, so its refresh tokens are bound to it. A client that authenticates may change its
    /// key, but gets no bearer tokens after bound ones.
    ///
    /// Spec: RFC 9449 §5
    private var refreshDemand: ProofDemand {
        guard let key else { return .nothing }
        return method == .none ? .key(key.thumbprint) : .anyKey
    }
}
