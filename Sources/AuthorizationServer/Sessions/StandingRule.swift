import OAuth
import Storage

/// Whether a session may be used now.
enum Standing: Hashable, Sendable {
    /// The user, the client, the MCP server and the session itself are in good standing: the session with the scopes that the user
    /// may have now.
    case good(SessionGrant)
    /// One of them is not: nothing may be issued, shown or done in the name of the session.
    case lapsed(Lapse)

    /// The reason, in words for the log only.
    enum Lapse: String, Hashable, Sendable {
        case accountDisabled = "the account is disabled"
        case clientBlocked = "the client is blocked"
        case clientNotLetIn = "the configuration does not admit the client"
        case hostExcluded = "the MCP server's policy excludes the client's host"
        case resourceRemoved = "the MCP server was removed"
        case scopesWithdrawn = "the MCP server lost every scope of the session"
        case sessionEnded = "the session is ended"
        case sessionExpired = "the session is expired"
        case accessLost = "the MCP server's access rule does not list the user"
        case groupsOutdated = "the groups of the user are outdated"
    }

    /// The session in good standing; nil for any other.
    var session: SessionGrant? {
        if case .good(let session) = self { session } else { nil }
    }

    /// The refusal that the client receives; nil in good standing.
    var refusal: OAuthError? {
        switch self {
        case .good: nil
        case .lapsed(let lapse):
            OAuthError(
                .invalidGrant, "This session has ended. The user has to approve the client again.",
                reason: lapse.rawValue)
        }
    }
}

/// The one rule that decides whether a session may be used now. Tokens, introspection, elicitations, jobs and connections
/// apply it inside their own transactions, so a condition that is added here holds everywhere.
struct StandingRule: Sendable {
    let clients: ClientDirectory

    /// The standing of a session that was read in this transaction. The order is policy: the log names
    /// the first reason, so a reason that an operator can remove comes before the end of the session itself. The access rule comes
    /// last, because it ends the session of a user who lost access.
    func standing(of session: SessionGrant, in transaction: Transaction, now: Timestamp) throws -> Standing {
        if session.userIsDisabled { return .lapsed(.accountDisabled) }
        if session.clientIsBlocked { return .lapsed(.clientBlocked) }
        if session.hostIsExcluded { return .lapsed(.hostExcluded) }
        if session.resourceIsGone { return .lapsed(.resourceRemoved) }
        switch session.state(at: now) {
        case .approved, .active: break
        case .ended: return .lapsed(.sessionEnded)
        case .expired: return .lapsed(.sessionExpired)
        }
        if session.lostEveryScope { return .lapsed(.scopesWithdrawn) }
        if try clients.isShutOut(session.clientID, in: transaction) { return .lapsed(.clientNotLetIn) }
        return try admission(of: session, in: transaction, now: now)
    }

    /// The session with this id; nil unless it may be used now.
    func session(_ id: SessionID, in transaction: Transaction, now: Timestamp) throws -> SessionGrant? {
        try transaction.sessions.grant(id).flatMap { try standing(of: $0, in: transaction, now: now).session }
    }
}

// MARK: - What lives no longer than its session

extension StandingRule {
    /// The outcome that ends an open elicitation by itself at `now`, because it expired or its session ended; nil while
    /// the elicitation can be answered and once its status is final.
    func ending(
        of elicitation: Elicitation, in transaction: Transaction, now: Timestamp
    ) throws -> ElicitationOutcome? {
        guard elicitation.status.isOpen else { return nil }
        if elicitation.expiresAt <= now { return .expired }
        return try session(elicitation.sessionID, in: transaction, now: now) == nil ? .sessionEnded : nil
    }

    /// The elicitation as of `now`. One that expired or lost its session becomes final here, before anything acts on
    /// it, and not only when housekeeping runs.
    func settled(_ elicitation: Elicitation, in transaction: Transaction, now: Timestamp) throws -> Elicitation {
        guard let outcome = try ending(of: elicitation, in: transaction, now: now) else { return elicitation }
        return try transaction.elicitations.finish(elicitation.id, as: outcome, now: now)
            ?? transaction.elicitations.find(elicitation.id) ?? elicitation
    }

    /// The job as of `now`, and its session if both may be used. A job that expired or lost its session ends here,
    /// before anything acts on it.
    func settled(
        _ job: Job, in transaction: Transaction, now: Timestamp
    ) throws -> (job: Job, session: SessionGrant?) {
        guard job.endedAt == nil else { return (job, nil) }
        guard job.isOpen(at: now) else { return (try transaction.jobs.end(job.id, .expired, now: now) ?? job, nil) }
        guard let session = try session(job.sessionID, in: transaction, now: now) else {
            let ended = try transaction.jobs.end(job.id, .withSession, now: now) ?? transaction.jobs.find(job.id)
            return (ended ?? job, nil)
        }
        return (job, session)
    }
}
