import Logging
import OAuth
import Storage

extension StandingRule {
    /// The standing of a live session by the access rule of its MCP server. In good standing it is the session with the scopes that
    /// its user may have now.
    ///
    /// A session whose user lost access ends here, before anything acts on it; a read leaves that to `LostAccess`. A session without
    /// a user has a permission of its own, which no group changes.
    func admission(of session: SessionGrant, in transaction: Transaction, now: Timestamp) throws -> Standing {
        guard session.hasAccessRule, let user = session.userID else { return .good(session) }
        let rule = try transaction.access.rule(at: session.resourceID, for: user)
        let lapse: Standing.Lapse
        switch rule.decision(at: now) {
        case .everybody, .user, .group: return .good(session.withholding(rule.withheld(at: now)))
        case .outdated: lapse = .groupsOutdated
        case .notListed: lapse = .accessLost
        }
        if transaction.isWrite, let reason = lapse.endReason {
            _ = try transaction.sessions.end(
                session.id, SessionEnding(reason: reason, initiator: .policy, actor: .system, at: now))
        }
        return .lapsed(lapse)
    }

    /// Ends the live sessions of a user at MCP servers to which the user lost access, after an identity provider stated other groups.
    func endSessionsWithoutAccess(of user: UserID, in transaction: Transaction, now: Timestamp) throws {
        var last: SessionCursor?
        while true {
            let live = try transaction.sessions.live(of: user, after: last, limit: 100, now: now)
            for session in live { _ = try self.session(session.id, in: transaction, now: now) }
            guard live.count == 100 else { return }
            last = live.last.map { SessionCursor(after: $0) }
        }
    }
}

extension Standing.Lapse {
    /// The reason for which the session ends; nil where something else ends it.
    var endReason: SessionEndReason? {
        switch self {
        case .accessLost: .accessLost
        case .groupsOutdated: .groupsOutdated
        case .accountDisabled, .clientBlocked, .clientNotLetIn, .hostExcluded, .resourceRemoved, .scopesWithdrawn,
            .sessionEnded, .sessionExpired:
            nil
        }
    }
}

/// Ends the sessions that an introspection found to be without access. Introspection only reads, on an event loop, and its answer
/// does not wait for the end.
struct LostAccess: Sendable {
    private let store: Store
    private let standing: StandingRule
    private let background: BackgroundWork

    init(_ store: Store, _ standing: StandingRule, _ background: BackgroundWork) {
        self.store = store
        self.standing = standing
        self.background = background
    }

    /// Ends a session if its user still has no access. Returns at once.
    func end(_ id: SessionID, now: Timestamp) {
        background.run("access of \(id)", failure: "a session without access could not be ended") {
            [store, standing] in
            // The rule may have changed since; reading the session in a write decides again, and ends it.
            _ = try await store.write { try standing.session(id, in: $0, now: now) }
        }
    }
}
