import OAuth
import Storage

/// A session that may be used now, with the scopes that a request gets of it. Only `admit` makes one, so that no token is
/// issued for a session that was not checked.
struct AdmittedSession: Sendable {
    let session: SessionGrant
    let scope: ScopeSet

    fileprivate init(_ session: SessionGrant, scope: ScopeSet) {
        self.session = session
        self.scope = scope
    }
}

extension StandingRule {
    /// The check of the session and the narrowing, which come before anything of the session is spent.
    func admit(
        _ session: SessionGrant, wanting scope: ScopeSet?, in transaction: Transaction, now: Timestamp
    ) throws -> Result<AdmittedSession, OAuthError> {
        if let error = try standing(of: session, in: transaction, now: now).refusal { return .failure(error) }
        guard let scope else { return .success(AdmittedSession(session, scope: session.scope)) }
        let named: ScopeSet
        do throws(OAuthError) { named = try ScopeRule.narrowed(session.scope, to: scope) } catch {
            return .failure(error)
        }
        // Who names a scope means what it includes too, and never gets more than was approved.
        let meant = try transaction.resources.implications(of: session.resourceID).closure(of: named)
        return .success(AdmittedSession(session, scope: session.scope.intersection(meant)))
    }
}
