import JOSE
import OAuth
import Storage

/// `private_key_jwt`: the client signs a JWT with its private key, for this server alone and for one request.
/// Spec: RFC 7523 §2.2
enum PrivateKeyJWT: ClientAuthenticator {
    static func prove(_ presented: PresentedClient, _ credential: RegisteredCredential) -> ClientProof {
        guard case .assertion(_, let assertion) = presented, case .keys(let keys) = credential else {
            return .refused("no assertion")
        }
        if let fault = keys.fault { return .refused(fault) }
        do {
            let verified = try assertion.verified(by: keys.keys, keys.rule, now: keys.now)
            return .provenOnce(ProvenAssertion(assertion: verified, share: keys.share))
        } catch {
            return .refused(error.description)
        }
    }
}

/// What an assertion is verified with.
struct AssertionCredential: Sendable {
    /// The keys of the client that the assertion's header selects.
    let keys: VerificationKeySet
    /// Why there are no keys, for the log; nil for a set that was read.
    let fault: String?
    let rule: ClientAssertionRule
    /// The part of the memory of one-time tokens in which the assertion is spent.
    let share: ReplayShare
    let now: Timestamp
}

/// An assertion that proved its sender, to be spent.
struct ProvenAssertion: Sendable {
    let assertion: VerifiedAssertion
    /// The part of the memory of one-time tokens in which it is spent.
    let share: ReplayShare
}
