import JOSE
package import OAuth

extension Elicitations {
    /// Moves an elicitation into a final status, with its event and its audit record; no other code does. False if it had
    /// ended or expired before: a decision that comes late changes nothing.
    ///
    /// It reads only the columns that event and record need, so that an unreadable question cannot keep an elicitation open.
    @discardableResult
    package func close(_ id: ElicitationID, as outcome: ElicitationOutcome, now: Timestamp) throws -> Bool {
        guard outcome.status.isFinal else { throw StoreError.constraint("an elicitation finishes in a final status") }
        let ended = try first(
            """
            UPDATE elicitations SET status = ?2, version = version + 1, reason = ?3, reported_by = ?4, finished_at = ?5,
                content = ?6, auth_time = ?7
            WHERE id = ?1 AND status IN ('pending', 'opened') AND (expires_at <= ?5) = (?2 = 'expired')
            RETURNING \(EndedElicitation.columns)
            """, id.string, outcome.status.rawValue, outcome.reason, outcome.reportedBy, now.seconds,
            outcome.content?.stored, outcome.authTime?.seconds
        ) { try EndedElicitation($0) }
        guard let ended else { return false }
        if let event = ended.eventContent(id, outcome).event(at: now) {
            try transaction.events.enqueue(event, resource: ended.resourceID, elicitation: id)
        }
        try transaction.audit.append(
            AuditEntry(
                outcome.action, at: now, actor: outcome.actor, user: ended.userID,
                client: try? ClientID(ended.clientID), resource: ended.resourceID, session: ended.sessionID,
                reason: outcome.reason, initiator: outcome.initiator, evidence: outcome.evidence,
                correlation: id.string, explanation: outcome.reference))
        writerMemory?.signals.add(elicitation: id)
        return true
    }
}

/// The columns of an ended elicitation that its event and its record need.
private struct EndedElicitation {
    static let columns = "kind, version, resource_id, user_id, subject, client_id, session_id, digest"

    let kind: String
    let version: Int64
    let resourceID: ResourceID
    let userID: UserID
    let subject: Subject
    /// The stored text, because a later rule may refuse a client id that was valid when it was stored.
    let clientID: String
    let sessionID: SessionID
    let digest: Digest

    init(_ row: StoredRow) throws {
        kind = try row.text(0)
        version = try row.integer(1)
        resourceID = try row.id(2)
        userID = try row.id(3)
        subject = try row.id(4)
        clientID = try row.text(5)
        sessionID = try row.id(6)
        digest = try row.digest(7)
    }

    func eventContent(_ id: ElicitationID, _ outcome: ElicitationOutcome) -> ElicitationEventContent {
        ElicitationEventContent(
            id: id, status: outcome.status, kind: kind, version: version, clientID: clientID, session: sessionID,
            subject: subject, digest: digest, reportedBy: outcome.reportedBy, reason: outcome.reason)
    }
}

extension ElicitationOutcome {
    /// The MCP server that reported the outcome; nil if Gatehouse witnessed it.
    fileprivate var reportedBy: String? {
        if case .reported(let by) = evidence { by } else { nil }
    }
}
