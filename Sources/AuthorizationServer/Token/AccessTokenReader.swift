import JOSE
import OAuth
import Synchronization

/// Verifies this server's own access tokens. A signature fixes the claims, so each token is verified once and then known by its
/// digest. Whether the signing key is still in use is checked every time; whether the session is in good standing is the
/// caller's check.
/// Spec: RFC 9068 §4
final class AccessTokenReader: Sendable {
    private let keys: KeyRing
    private let issuer: Issuer
    private let capacity: Int
    private let known = Mutex<[Digest: Known]>([:])

    /// A verified token, with the id of the key that signed it.
    private struct Known {
        let kid: String
        let claims: AccessTokenClaims
    }

    init(keys: KeyRing, issuer: Issuer, capacity: Int = 20_000) {
        self.keys = keys
        self.issuer = issuer
        self.capacity = capacity
    }

    /// How many verified tokens are in memory.
    var count: Int { known.withLock { $0.count } }

    /// The claims of a token that this server signed, expired or not; nil for any other text.
    func claims(of token: String, now: Timestamp) -> AccessTokenClaims? {
        guard token.utf8.count <= 8192 else { return nil }
        let digest = Digest.sha256(token)
        if let known = known.withLock({ $0[digest] }) {
            return keys.accepts(.tokens, kid: known.kid, at: now.seconds) ? known.claims : nil
        }
        guard
            let verified = try? JWT.verify(
                token, typ: AccessTokenClaims.type, algorithms: [.es256],
                keys: keys.verification(.tokens, at: now.seconds)),
            let kid = verified.kid, let claims = try? AccessTokenClaims(claims: verified.claims),
            claims.issuer == issuer
        else { return nil }
        known.withLock { known in
            // Tokens live for minutes, so forgetting all of them now and then costs one more verification each.
            if known.count >= capacity { known.removeAll(keepingCapacity: true) }
            known[digest] = Known(kid: kid, claims: claims)
        }
        return claims
    }
}
