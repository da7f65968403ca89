package import OAuth

/// Why sessions end, who decided it, who did it, and when. Every cause makes one and hands it to `Sessions.end`, or to
/// `Store.endSessions` for many, which write the record and queue the event: a caller does neither.
package struct SessionEnding: Hashable, Sendable {
    package let reason: SessionEndReason
    /// Who decided it, as the event tells the MCP server.
    package let initiator: InitiatingEntity
    /// Who did it, as the audit record names them.
    package let actor: AuditActor
    /// What an administrator typed; for other initiators the words of the record in place of the reason's name. It never
    /// leaves the audit trail.
    package let explanation: String?
    package let at: Timestamp

    /// An end by a decision.
    package init(
        reason: SessionEndReason, initiator: InitiatingEntity, actor: AuditActor, explanation: String? = nil,
        at: Timestamp
    ) {
        self.reason = reason
        self.initiator = initiator
        self.actor = actor
        self.explanation = explanation
        self.at = at
    }

    /// An end without a decision: a time limit passed at this moment.
    static func expiry(_ reason: SessionEndReason = .expired, at: Timestamp) -> SessionEnding {
        SessionEnding(reason: reason, initiator: .system, actor: .system, at: at)
    }

    /// The same end at another moment.
    func moved(to now: Timestamp) -> SessionEnding {
        SessionEnding(reason: reason, initiator: initiator, actor: actor, explanation: explanation, at: now)
    }
}

extension SessionEnding {
    /// The one record that a session's end leaves.
    func record(of session: Session) -> AuditEntry {
        // What an administrator typed must be erasable, so it stands beside the chain; Gatehouse's own words name nobody.
        let isTyped = initiator == .admin
        return AuditEntry(
            .sessionEnded, at: at, actor: actor, of: session, outcome: initiator == .policy ? .refused : .success,
            reason: isTyped ? reason.rawValue : explanation ?? reason.rawValue, initiator: source(of: session),
            explanation: isTyped ? explanation : nil)
    }

    /// The record of a connection that this end revoked.
    func record(of connection: Connection) -> AuditEntry {
        AuditEntry(
            .connectionEnded, at: at, actor: actor, user: connection.userID, resource: connection.resourceID,
            reason: connection.endReason?.rawValue, initiator: source, correlation: connection.id.string)
    }

    /// The actor in the form of its columns.
    var columns: AuditColumns {
        AuditColumns(AuditEntry(.sessionEnded, at: at, actor: actor, initiator: source))
    }

    /// The initiator of the end of this session: a client that acts for itself is no model that a user runs.
    private func source(of session: Session) -> AuditEntry.Initiator {
        if session.userID == nil, case .client = actor, initiator == .system { return .client }
        return source
    }

    /// The initiator in the words of audit records, which tell the client's program from Gatehouse itself.
    private var source: AuditEntry.Initiator {
        switch (initiator, actor) {
        case (.admin, _), (.user, _): .human
        case (.system, .client): .model
        case (.system, .resource): .server
        case (.policy, _), (.system, _): .system
        }
    }
}
