package import JOSE
package import OAuth

/// How an elicitation ends, who decided it, and how Gatehouse knows.
package struct ElicitationOutcome: Sendable {
    package let status: ElicitationStatus
    package let actor: AuditActor
    package let initiator: AuditEntry.Initiator
    package let evidence: AuditEntry.Evidence
    /// Why it was cancelled or failed, as a short code.
    package let reason: String?
    /// The MCP server's own reference for what it reports; only the audit record has it.
    package let reference: String?
    /// What the user entered, sealed.
    package let content: [UInt8]?
    /// The `auth_time` of the user who decided.
    package let authTime: Timestamp?

    private init(
        _ status: ElicitationStatus, by actor: AuditActor, _ initiator: AuditEntry.Initiator,
        _ evidence: AuditEntry.Evidence = .witnessed, reason: String? = nil, reference: String? = nil,
        content: [UInt8]? = nil,
        authTime: Timestamp? = nil
    ) {
        self.status = status
        self.actor = actor
        self.initiator = initiator
        self.evidence = evidence
        self.reason = reason
        self.reference = reference
        self.content = content
        self.authTime = authTime
    }

    /// The user completed it on Gatehouse's page.
    package static func completed(by user: UserID, authTime: Timestamp, content: [UInt8]? = nil) -> Self {
        Self(.completed, by: .person(user), .human, content: content, authTime: authTime)
    }

    /// The user declined it.
    package static func declined(by user: UserID) -> Self { Self(.declined, by: .person(user), .human) }

    /// The MCP server reports the outcome of a page of its own.
    package static func reported(
        _ status: ElicitationStatus, by resource: ResourceID, reference: String? = nil
    ) -> Self {
        Self(status, by: .resource(resource), .human, .reported(by: resource.string), reference: reference)
    }

    /// The MCP server cancelled it.
    package static func cancelled(by resource: ResourceID) -> Self {
        Self(.cancelled, by: .resource(resource), .server, reason: "resource")
    }

    /// An administrator cancelled it.
    package static func cancelled(byAdmin uid: UInt32, claimed: String?) -> Self {
        Self(.cancelled, by: .admin(uid: uid, claimed: claimed), .human, reason: "admin")
    }

    /// Its session ended.
    package static let sessionEnded = Self(.cancelled, by: .system, .system, reason: "session_ended")
    /// The user did not act in time.
    package static let expired = Self(.expired, by: .system, .system)

    /// It could not be completed, for a reason that is a short code.
    package static func failed(reason: String) -> Self { Self(.failed, by: .system, .system, reason: reason) }

    var action: AuditAction {
        switch status {
        case .completed: .elicitationCompleted
        case .declined: .elicitationDeclined
        case .expired: .elicitationExpired
        case .failed: .elicitationFailed
        case .cancelled, .pending, .opened: .elicitationCancelled
        }
    }
}

extension Elicitations {
    /// Marks a pending elicitation as opened by its user; false if it is not pending.
    @discardableResult
    package func open(_ id: ElicitationID, now: Timestamp) throws -> Bool {
        let isChanged = try execute(
            """
            UPDATE elicitations SET status = 'opened', version = version + 1
            WHERE id = ?1 AND status = 'pending' AND expires_at > ?2
            """, id.string, now.seconds)
        if isChanged == 1 { writerMemory?.signals.add(elicitation: id) }
        return isChanged == 1
    }

    /// Closes an elicitation and returns it as it is afterwards; nil if it had ended.
    package func finish(_ id: ElicitationID, as outcome: ElicitationOutcome, now: Timestamp) throws -> Elicitation? {
        try close(id, as: outcome, now: now) ? find(id) : nil
    }

    /// Collects the result once and erases what the user entered; false if it was collected before or its time has passed.
    package func collect(_ id: ElicitationID, claim: Digest? = nil, now: Timestamp) throws -> Bool {
        try execute(
            """
            UPDATE elicitations SET collected_at = ?2, content = NULL, claim_digest = ?4
            WHERE id = ?1 AND status = 'completed' AND collected_at IS NULL AND finished_at > ?3
            """, id.string, now.seconds, (now - Elicitation.collectable).seconds, claim?.stored) == 1
    }

    /// Stores the digest of the one-time ticket for a page of the MCP server. An earlier one is void, redeemed or not. False if the
    /// elicitation is not open.
    package func setTicket(_ digest: Digest, of id: ElicitationID, expiresAt: Timestamp, now: Timestamp) throws -> Bool
    {
        try execute(
            """
            UPDATE elicitations SET ticket_digest = ?2, ticket_expires_at = ?3, ticket_redeemed_at = NULL
            WHERE id = ?1 AND status IN ('pending', 'opened') AND expires_at > ?4
            """, id.string, digest.stored, expiresAt.seconds, now.seconds) == 1
    }

    /// Redeems a ticket of this MCP server once; false if it is expired, redeemed or another's.
    package func redeem(ticket digest: Digest, resource: ResourceID, now: Timestamp) throws -> Bool {
        try execute(
            """
            UPDATE elicitations SET ticket_redeemed_at = ?3
            WHERE ticket_digest = ?1 AND resource_id = ?2 AND ticket_redeemed_at IS NULL AND ticket_expires_at > ?3
                AND status IN ('pending', 'opened') AND expires_at > ?3
            """, digest.stored, resource.string, now.seconds) == 1
    }

    /// Whether the audit trail has a record that this other user came to its page.
    package func hasWrongAccountRecord(of id: ElicitationID, by user: UserID) throws -> Bool {
        try first(
            """
            SELECT 1 FROM audit WHERE action = 'elicitation.wrong_person' AND correlation = ?1 AND user_id = ?2
            """, id.string, user.string
        ) { _ in true } ?? false
    }

    /// Cancels the open elicitations of an ended session; those whose time had passed expire.
    func cancel(of session: SessionID, now: Timestamp) throws {
        let open = try all(
            "SELECT id, expires_at FROM elicitations WHERE session_id = ?1 AND status IN ('pending', 'opened')",
            session.string
        ) { (try $0.id(0, ElicitationID.self), try $0.time(1)) }
        for (id, end) in open { try close(id, as: end <= now ? .expired : .sessionEnded, now: now) }
    }

    /// Erases the uncollected results of an ended session, which nobody can collect any more.
    func eraseResults(of session: SessionID) throws {
        // SQLite uses the partial index only if the statement repeats its condition.
        try execute(
            """
            UPDATE elicitations SET content = NULL WHERE session_id = ?1
                AND status IN ('pending', 'opened', 'completed') AND collected_at IS NULL AND content IS NOT NULL
            """, session.string)
    }

    /// Expires open elicitations at the end of their time, erases uncollected results, and deletes elicitations `kept` seconds after
    /// their creation.
    func tidy(now: Timestamp, limit: Int, kept: Int64) throws -> Int {
        let due = try all(
            """
            SELECT id FROM elicitations WHERE status IN ('pending', 'opened') AND expires_at <= ?1
            ORDER BY expires_at LIMIT ?2
            """, now.seconds, limit
        ) { try $0.id(0, ElicitationID.self) }
        for id in due { try close(id, as: .expired, now: now) }
        let erased = try execute(
            """
            UPDATE elicitations SET content = NULL WHERE id IN (
                SELECT id FROM elicitations WHERE content IS NOT NULL AND finished_at <= ?1
                ORDER BY finished_at LIMIT ?2)
            """, (now - Elicitation.collectable).seconds, limit)
        let forgotten = try execute(
            """
            DELETE FROM elicitations WHERE id IN (
                SELECT id FROM elicitations WHERE created_at <= ?1 AND finished_at IS NOT NULL
                ORDER BY created_at LIMIT ?2)
            """, (now - kept).seconds, limit)
        return due.count + erased + forgotten
    }
}
