import JOSE
import OAuth

/// `private_key_jwt`: the client signs a JWT with its private key, for this server alone and for one request.
/// Spec: RFC 7523 §2.2
enum PrivateKeyJWT: ClientAuthenticator {
    static func prove(_ presented: PresentedClient, _ credential: RegisteredCredential) -> ClientProof {
        guard case .assertion(_, let assertion) = presented, case .keys(let keys) = credential else {
            return .refused("no assertion")
        }
        do {
            return .provenOnce(try assertion.verified(by: keys.keys, keys.rule, now: keys.now))
        } catch {
            return .refused(error.description)
        }
    }
}

/// What an assertion is verified with.
struct AssertionCredential: Sendable {
    /// The keys of the client that the assertion's header selects.
    let keys: VerificationKeySet
    let rule: ClientAssertionRule
    let now: Timestamp
}
