import JOSE
package import OAuth

extension Elicitations {
    /// The one way into a final status: the change, the event that tells of it and the audit record are one. False when it
    /// was over before; what a person, an MCP server or an operator says after its time is too late.
    ///
    /// Of the row it reads no more than event and record tell, so that nothing else in it can keep it open.
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
        if let type = SecurityEventType(outcome.status) {
            let event = SecurityEvent(
                type: type, issuedAt: now, about: .person(ended.subject), transaction: id.string,
                payload: ended.payload(id, outcome))
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

/// What has to be told of an elicitation that just ended.
private struct EndedElicitation {
    static let columns = "kind, version, resource_id, user_id, subject, client_id, session_id, digest"

    let kind: String
    let version: Int64
    let resourceID: ResourceID
    let userID: UserID
    let subject: Subject
    /// As it stands in the row, whatever is a client id today.
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

    /// What the event says; nothing that the person typed is in it.
    func payload(_ id: ElicitationID, _ outcome: ElicitationOutcome) -> JSONObject {
        var payload: JSONObject = [
            "elicitation": .string(id.string), "kind": .string(kind), "version": .integer(version),
            "client_id": .string(clientID), "sid": .string(sessionID.string),
            "evidence": .string(outcome.reportedBy == nil ? "witnessed" : "reported"),
        ]
        if ElicitationKind(rawValue: kind)?.ask.sharesDigest == true { payload["digest"] = .string(digest.base64URL) }
        payload["reported_by"] = outcome.reportedBy.map(JSON.string)
        payload["reason"] = outcome.reason.map(JSON.string)
        return payload
    }
}

extension ElicitationOutcome {
    /// Who reported it, where Gatehouse did not see it.
    fileprivate var reportedBy: String? {
        if case .reported(let by) = evidence { by } else { nil }
    }
}
