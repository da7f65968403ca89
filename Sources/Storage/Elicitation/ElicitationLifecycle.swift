package import JOSE
package import OAuth

/// How an elicitation ends, and by whose doing.
package struct ElicitationOutcome: Sendable {
    package let status: ElicitationStatus
    package let actor: AuditActor
    package let initiator: AuditEntry.Initiator
    package let evidence: AuditEntry.Evidence
    /// A short code: why it was cancelled or failed.
    package let reason: String?
    /// The MCP server's own name for what it reports; for the records alone.
    package let reference: String?
    /// What was handed over, sealed.
    package let content: [UInt8]?
    /// When the person who decided had signed in.
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

    /// The person did what was asked, before Gatehouse's eyes.
    package static func completed(by user: UserID, authTime: Timestamp, content: [UInt8]? = nil) -> Self {
        Self(.completed, by: .person(user), .human, content: content, authTime: authTime)
    }

    /// The person said no.
    package static func declined(by user: UserID) -> Self { Self(.declined, by: .person(user), .human) }

    /// The MCP server says how it went on a page of its own.
    package static func reported(
        _ status: ElicitationStatus, by resource: ResourceID, reference: String? = nil
    ) -> Self {
        Self(status, by: .resource(resource), .human, .reported(by: resource.string), reference: reference)
    }

    /// The MCP server took it back.
    package static func cancelled(by resource: ResourceID) -> Self {
        Self(.cancelled, by: .resource(resource), .server, reason: "resource")
    }

    /// An administrator took it back.
    package static func cancelled(byAdmin uid: UInt32, claimed: String?) -> Self {
        Self(.cancelled, by: .admin(uid: uid, claimed: claimed), .human, reason: "admin")
    }

    /// The session that it belongs to is over.
    package static let sessionEnded = Self(.cancelled, by: .system, .system, reason: "session_ended")
    /// Nobody acted in time.
    package static let expired = Self(.expired, by: .system, .system)

    /// It could not be carried out.
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
    /// Notes that the right person has seen it; false when that was noted before, or it is over.
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

    /// Ends it as `close` does, and returns it as it is then. Nil when it was over before.
    package func finish(_ id: ElicitationID, as outcome: ElicitationOutcome, now: Timestamp) throws -> Elicitation? {
        try close(id, as: outcome, now: now) ? find(id) : nil
    }

    /// Spends the result, once: what was handed over is erased with it. False when it was spent before, or came too late.
    package func collect(_ id: ElicitationID, now: Timestamp) throws -> Bool {
        try execute(
            """
            UPDATE elicitations SET collected_at = ?2, content = NULL
            WHERE id = ?1 AND status = 'completed' AND collected_at IS NULL AND finished_at > ?3
            """, id.string, now.seconds, (now - Elicitation.collectable).seconds) == 1
    }

    /// Makes the one-time ticket that a page of the MCP server's brings back; an earlier one is worthless from now on.
    package func setTicket(_ digest: Digest, of id: ElicitationID, expiresAt: Timestamp, now: Timestamp) throws -> Bool
    {
        try execute(
            """
            UPDATE elicitations SET ticket_digest = ?2, ticket_expires_at = ?3
            WHERE id = ?1 AND status IN ('pending', 'opened') AND expires_at > ?4 AND ticket_redeemed_at IS NULL
            """, id.string, digest.stored, expiresAt.seconds, now.seconds) == 1
    }

    /// Redeems a ticket of this MCP server's, once and in time; false for any other.
    package func redeem(ticket digest: Digest, resource: ResourceID, now: Timestamp) throws -> Bool {
        try execute(
            """
            UPDATE elicitations SET ticket_redeemed_at = ?3
            WHERE ticket_digest = ?1 AND resource_id = ?2 AND ticket_redeemed_at IS NULL AND ticket_expires_at > ?3
                AND status IN ('pending', 'opened') AND expires_at > ?3
            """, digest.stored, resource.string, now.seconds) == 1
    }

    /// Whether it is in the records that this person, who was not asked, came to its page.
    package func hasMisdirected(_ id: ElicitationID, to user: UserID) throws -> Bool {
        try first(
            """
            SELECT 1 FROM audit WHERE action = 'elicitation.wrong_person' AND correlation = ?1 AND user_id = ?2
            """, id.string, user.string
        ) { _ in true } ?? false
    }

    /// Takes back what is open of a session that is over; what ran out before has expired, although nobody looked.
    func cancel(of session: SessionID, now: Timestamp) throws {
        let open = try all(
            "SELECT id, expires_at FROM elicitations WHERE session_id = ?1 AND status IN ('pending', 'opened')",
            session.string
        ) { (try $0.id(0, ElicitationID.self), try $0.time(1)) }
        for (id, end) in open { try close(id, as: end <= now ? .expired : .sessionEnded, now: now) }
    }

    /// Erases what was handed over in a session that is over and not collected: it could not be any more.
    func eraseResults(of session: SessionID) throws {
        // The conditions are those of the index.
        try execute(
            """
            UPDATE elicitations SET content = NULL WHERE session_id = ?1
                AND status IN ('pending', 'opened', 'completed') AND collected_at IS NULL AND content IS NOT NULL
            """, session.string)
    }

    /// Ends what nobody acted on in time, erases what nobody collected, and forgets what is long over.
    func tidy(now: Timestamp, limit: Int) throws -> Int {
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
            """, (now - Self.remembered).seconds, limit)
        return due.count + erased + forgotten
    }

    private static let remembered: Int64 = 30 * 86_400
}
