import OAuth
import Storage

/// A session in good standing, with the scopes that a request gets. Only `admit` makes one, so no token can be issued for a
/// session that was not checked.
struct AdmittedSession: Sendable {
    let session: SessionGrant
    let scope: ScopeSet

    fileprivate init(_ session: SessionGrant, scope: ScopeSet) {
        self.session = session
        self.scope = scope
    }
}

extension StandingRule {
    /// Checks the standing of the session and narrows its scopes, before the caller spends a code or a refresh token.
    func admit(
        _ session: SessionGrant, wanting scope: ScopeSet?, in transaction: Transaction, now: Timestamp
    ) throws -> Result<AdmittedSession, OAuthError> {
        let verdict = try standing(of: session, in: transaction, now: now)
        if let error = verdict.refusal { return .failure(error) }
        let usable = verdict.session ?? session
        guard let scope else { return .success(AdmittedSession(usable, scope: usable.scope)) }
        let named: ScopeSet
        do throws(OAuthError) { named = try ScopeRule.narrowed(session.scope, to: scope) } catch {
            return .failure(error)
        }
        // A scope brings the scopes that it includes, as far as the user approved them and may have them still. Clients repeat the
        // scope of their first request, so a scope that was withdrawn since is left out and not refused.
        let meant = try transaction.resources.implications(of: session.resourceID).closure(of: named)
        return .success(AdmittedSession(usable, scope: usable.scope.intersection(meant)))
    }
}
