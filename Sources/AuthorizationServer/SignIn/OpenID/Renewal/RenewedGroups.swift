import OAuth
import Storage

/// What a renewed ID token says about the groups of an account, in the transaction that stores it.
struct RenewedGroups {
    let identity: UpstreamIdentity
    let claims: IDTokenClaims
    let provider: IdentityProvider
    let standing: StandingRule
    let transaction: Transaction
    let now: Timestamp

    /// Replaces the groups, and ends what they no longer allow; returns why the token changes nothing, or nil.
    ///
    /// The token is read as at a sign-in. If the provider says that it left groups out, the known ones stay and grow older.
    func apply() throws -> UpstreamProblem? {
        switch result {
        case .success(let groups):
            try replace(groups)
            return nil
        case .failure(.notInGroup):
            // The list is complete, and its user may not sign in any more.
            if case .named(let groups) = named { try replace(groups) }
            try endLogins()
            return .notInGroup
        case .failure(let problem): return problem
        }
    }

    private var result: Result<[String], UpstreamProblem> {
        Result { () throws(UpstreamProblem) in try UpstreamAdmission.groups(of: claims, at: provider) ?? [] }
    }

    private var named: UpstreamGroups? { provider.groupClaim.map(claims.groups(in:)) }

    /// Sessions that the new groups do not admit end here, as after a sign-in.
    private func replace(_ groups: [String]) throws {
        let user = identity.userID
        try transaction.groups.replace(groups, of: user, from: GroupSource(provider: provider.name), now: now)
        var statement = identity.statement ?? UpstreamClaims(claims, groups: nil)
        statement.groups = groups
        try transaction.upstreamIdentities.set(statement, issuer: identity.issuer, subject: identity.subject)
        try standing.endSessionsWithoutAccess(of: user, in: transaction, now: now)
    }

    /// Ends the browser logins that the account began.
    private func endLogins() throws {
        let users = try transaction.upstreamLogins.end(
            issuer: identity.issuer, subject: identity.subject, session: nil)
        for user in users {
            try transaction.audit.append(
                AuditEntry(
                    .personSignedOut, at: now, actor: .system, user: user, reason: "identity provider \(provider.name)",
                    initiator: .server))
        }
    }
}
