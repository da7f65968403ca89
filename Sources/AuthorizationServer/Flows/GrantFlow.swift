import OAuth
import Storage

/// One way to earn tokens. The token endpoint owns every phase around it; a flow only proves and spends.
protocol GrantFlow: Sendable {
    /// The grant type whose requests this flow answers.
    var grantType: GrantType { get }

    /// Proves the grant and spends it. A refusal is returned, not thrown, so that what it had to end stays ended.
    func redeem(_ request: Identified<TokenRequest>, in transaction: Transaction, now: Timestamp) throws -> GrantVerdict
}

/// What a flow found.
enum GrantVerdict: Sendable {
    /// The grant was good and is spent.
    case earned(Earned)
    /// The grant was refused; what the refusal had to change is in the transaction, with its record.
    case refused(OAuthError)
    /// The request that spent the grant came a second time and was refused: it is counted, and changes nothing else.
    case repeated(OAuthError)
}

/// A grant that was proven and spent: whose session it is, and which refresh generation comes next.
struct Earned: Sendable {
    /// The session with everything that decides whether it may still be used.
    let session: SessionGrant
    /// Scopes that the request narrows the tokens to, nil for all of the session's.
    let scope: ScopeSet?
    /// The generation that the answer's refresh token carries.
    let generation: UInt32
    /// Whether the client holds refresh tokens.
    let refreshes: Bool
    /// What to call this in the audit trail.
    let action: AuditAction
}
