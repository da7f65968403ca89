package import OAuth

/// Work that an MCP server continues in a user's name without the client: on whose authority, for what purpose and until
/// when. It never outlives its session.
package struct Job: Hashable, Sendable {
    /// The number of open jobs of one session.
    package static let mostOpen = 20

    /// Why a job ended, by its stored name.
    package enum EndReason: String, Hashable, Sendable {
        /// The MCP server finished or abandoned it.
        case resource
        /// Its user or an administrator cancelled it; the audit record tells which.
        case person
        case sessionEnded = "session_ended"
        case expired
    }

    package let id: JobID
    package let resourceID: ResourceID
    package let userID: UserID
    package let clientID: ClientID
    package let sessionID: SessionID
    /// The actions that it may start.
    package let actions: [ActionName]
    /// The scopes of the token that opened it.
    package let scope: ScopeSet
    /// The purpose, written by the MCP server.
    package let purpose: String
    package let createdAt: Timestamp
    /// The absolute end, at most the end of the session.
    package let expiresAt: Timestamp
    /// When it ended; nil for an open job.
    package let endedAt: Timestamp?
    /// Why it ended; nil for an open job.
    package let endReason: EndReason?

    /// A new job for the user of the session.
    package init(
        of session: SessionGrant, for user: SessionUser, actions: [ActionName], scope: ScopeSet, purpose: String,
        createdAt: Timestamp,
        expiresAt: Timestamp
    ) {
        id = .random()
        resourceID = session.resourceID
        userID = user.id
        clientID = session.clientID
        sessionID = session.id
        self.actions = actions
        self.scope = scope
        self.purpose = purpose
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        endedAt = nil
        endReason = nil
    }

    /// Whether it has neither ended nor expired. Its session may have ended all the same.
    package func isOpen(at now: Timestamp) -> Bool { endedAt == nil && now < expiresAt }
}

/// Who ends a job.
package enum JobEnd: Hashable, Sendable {
    case byResource(ResourceID)
    case byPerson(UserID)
    /// The user id that the kernel vouches for, and the name that the caller claims.
    case byAdmin(uid: UInt32, claimed: String?)
    case withSession
    /// Its time has passed.
    case expired

    fileprivate var reason: Job.EndReason {
        switch self {
        case .byResource: .resource
        case .byPerson, .byAdmin: .person
        case .withSession: .sessionEnded
        case .expired: .expired
        }
    }

    /// The reason in the audit record, which tells an administrator from the user.
    fileprivate var recordReason: String {
        if case .byAdmin = self { "admin" } else { reason.rawValue }
    }

    fileprivate var actor: AuditActor {
        switch self {
        case .byResource(let id): .resource(id)
        case .byPerson(let id): .person(id)
        case .byAdmin(let uid, let claimed): .admin(uid: uid, claimed: claimed)
        case .withSession, .expired: .system
        }
    }

    fileprivate var initiator: AuditEntry.Initiator {
        switch self {
        case .byResource: .server
        case .byPerson, .byAdmin: .human
        case .withSession, .expired: .system
        }
    }
}

/// Jobs that MCP servers opened in sessions.
package struct Jobs: Noun {
    let transaction: Transaction
}

extension Jobs {
    /// Opens a job with its audit record.
    package func open(_ job: Job) throws {
        try execute(
            """
            INSERT INTO jobs (
                id, resource_id, user_id, client_id, session_id, actions, scope, purpose, created_at, expires_at)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
            """, job.id.string, job.resourceID.string, job.userID.string, job.clientID.string, job.sessionID.string,
            job.actions.map(\.string).joined(separator: " "), job.scope.string, job.purpose, job.createdAt.seconds,
            job.expiresAt.seconds)
        // An administrator listed each of these names, so they may stand in the chain.
        try transaction.audit.append(
            job.entry(
                .jobOpened, at: job.createdAt, actor: .resource(job.resourceID), initiator: .server,
                reason: job.actions.map(\.string).joined(separator: " "), explanation: job.purpose))
    }

    /// The job of this id, open or ended.
    package func find(_ id: JobID) throws -> Job? {
        try first("SELECT \(Job.columns) FROM jobs WHERE id = ?1", id.string) { try Job($0) }
    }

    /// The number of open jobs of a session.
    package func open(in session: SessionID, now: Timestamp) throws -> Int {
        try first(
            "SELECT count(*) FROM jobs WHERE session_id = ?1 AND ended_at IS NULL AND expires_at > ?2", session.string,
            now.seconds
        ) { Int(try $0.integer(0)) } ?? 0
    }

    /// The open jobs of a user, soonest expiry first.
    package func open(of user: UserID, now: Timestamp, limit: Int) throws -> [Job] {
        try all(
            """
            SELECT \(Job.columns) FROM jobs WHERE user_id = ?1 AND ended_at IS NULL AND expires_at > ?2
            ORDER BY expires_at, id LIMIT ?3
            """, user.string, now.seconds, limit
        ) { try Job($0) }
    }

    /// Ends a job with its audit record; no other code does. A job that had expired unnoticed is stored as expired. Nil if it
    /// had ended or does not exist. The explanation stands beside the chain and can be erased.
    @discardableResult
    package func end(_ id: JobID, _ end: JobEnd, explanation: String? = nil, now: Timestamp) throws -> Job? {
        guard let job = try find(id), job.endedAt == nil else { return nil }
        let isLate = job.expiresAt <= now
        let (cause, at) = isLate ? (JobEnd.expired, job.expiresAt) : (end, now)
        try execute(
            "UPDATE jobs SET ended_at = ?2, end_reason = ?3 WHERE id = ?1 AND ended_at IS NULL", id.string, at.seconds,
            cause.reason.rawValue)
        try transaction.audit.append(
            job.entry(
                .jobEnded, at: now, actor: cause.actor, initiator: cause.initiator, reason: cause.recordReason,
                explanation: isLate ? nil : explanation))
        return try self.find(id)
    }

    /// Ends the open jobs of an ended session.
    func end(of session: SessionID, now: Timestamp) throws {
        let open = try all(
            "SELECT id FROM jobs WHERE session_id = ?1 AND ended_at IS NULL", session.string
        ) { try $0.id(0, JobID.self) }
        for id in open { try end(id, .withSession, now: now) }
    }

    /// Ends expired jobs, and deletes jobs that ended longer than `kept` seconds ago.
    func tidy(now: Timestamp, limit: Int, kept: Int64) throws -> Int {
        let due = try all(
            "SELECT id FROM jobs WHERE ended_at IS NULL AND expires_at <= ?1 ORDER BY expires_at LIMIT ?2", now.seconds,
            limit
        ) { try $0.id(0, JobID.self) }
        for id in due { try end(id, .expired, now: now) }
        let forgotten = try execute(
            """
            DELETE FROM jobs WHERE id IN (
                SELECT id FROM jobs WHERE ended_at IS NOT NULL AND ended_at <= ?1 ORDER BY ended_at LIMIT ?2)
            """, (now - kept).seconds, limit)
        return due.count + forgotten
    }
}

extension Job {
    fileprivate static let columns = """
        id, resource_id, user_id, client_id, session_id, actions, scope, purpose, created_at, expires_at, ended_at,
        end_reason
        """

    fileprivate init(_ row: StoredRow) throws {
        id = try row.id(0)
        resourceID = try row.id(1)
        userID = try row.id(2)
        clientID = try ClientID(row.text(3))
        sessionID = try row.id(4)
        actions = try row.text(5).split(separator: " ").map { try ActionName($0) }
        scope = try row.scope(6)
        purpose = try row.text(7)
        createdAt = try row.time(8)
        expiresAt = try row.time(9)
        endedAt = try row.timeIfAny(10)
        endReason = try row.textIfAny(11).map { try row.parsed(EndReason(rawValue: $0)) }
    }

    /// An audit entry about this job.
    package func entry(
        _ action: AuditAction, at now: Timestamp, actor: AuditActor, initiator: AuditEntry.Initiator,
        outcome: AuditEntry.Outcome = .success, reason: String? = nil, explanation: String? = nil
    ) -> AuditEntry {
        AuditEntry(
            action, at: now, actor: actor, user: userID, client: clientID, resource: resourceID, session: sessionID,
            outcome: outcome, reason: reason, initiator: initiator, correlation: id.string, explanation: explanation)
    }
}
