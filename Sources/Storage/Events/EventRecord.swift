import JOSE
package import OAuth

/// A stored security event and the state of its delivery.
package struct EventRecord: Hashable, Sendable {
    /// The state of a delivery.
    package enum State: String, Hashable, Sendable, CaseIterable {
        /// The MCP server has not accepted it yet.
        case waiting
        /// The MCP server has accepted it.
        case delivered
        /// The delivery was given up; an administrator can restart it.
        case dead
    }

    package let event: SecurityEvent
    package let resourceID: ResourceID
    /// The elicitation that the event is about; nil for other events.
    package let elicitationID: ElicitationID?
    /// The session that the event is about; nil for other events.
    package let sessionID: SessionID?
    package let state: State
    /// The number of attempts.
    package let attempts: Int
    /// The time of the next attempt.
    package let dueAt: Timestamp
    /// When it was delivered or given up; nil while it waits.
    package let settledAt: Timestamp?
    /// The HTTP status of the last answer.
    package let lastStatus: Int?
    /// The code of the last failure.
    package let lastError: String?
}

extension EventRecord {
    static let columns = """
        id, resource_id, elicitation_id, type, subject, payload, created_at, state, attempts, due_at, settled_at,
        last_status, last_error, session_id
        """

    init(_ row: StoredRow) throws {
        resourceID = try row.id(1)
        elicitationID = try row.idIfAny(2)
        let session: SessionID? = try row.idIfAny(13)
        sessionID = session
        event = SecurityEvent(
            id: try row.id(0), type: try row.parsed(SecurityEventType(rawValue: row.text(3))),
            issuedAt: try row.time(6), about: try Self.subject(row, of: session) ?? .stream(resourceID),
            transaction: elicitationID?.string ?? session?.string,
            payload: try JSONObject(parsing: Array(row.text(5).utf8)))
        state = try row.parsed(State(rawValue: row.text(7)))
        attempts = Int(try row.integer(8))
        dueAt = try row.time(9)
        settledAt = try row.timeIfAny(10)
        lastStatus = try row.integerIfAny(11).map { Int($0) }
        lastError = try row.textIfAny(12)
    }

    /// The subject of an event; nil for an event about the stream.
    private static func subject(_ row: StoredRow, of session: SessionID?) throws -> SecurityEvent.About? {
        guard let text = try row.textIfAny(4) else { return nil }
        guard let session else { return .person(try row.id(4)) }
        return .session(session, of: try Subject(text).map { .user($0) } ?? .client(row.client(4)))
    }
}

/// Security events in the queues of MCP servers.
package struct Events: Noun {
    let transaction: Transaction
}

extension Events {
    /// Queues an event for an MCP server, due at once, in the transaction of the change that it reports.
    package func enqueue(_ event: SecurityEvent, resource: ResourceID, elicitation: ElicitationID? = nil) throws {
        let (subject, session): (String?, SessionID?) =
            switch event.about {
            case .person(let subject): (subject.string, nil)
            case .session(let session, let subject): (subject.string, session)
            case .stream: (nil, nil)
            }
        try execute(
            """
            INSERT INTO events
                (id, resource_id, elicitation_id, type, subject, payload, created_at, state, due_at, session_id)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'waiting', ?7, ?8)
            """, event.id.string, resource.string, elicitation?.string, event.type.rawValue, subject,
            event.payload.text, event.issuedAt.seconds, session?.string)
        writerMemory?.signals.add(stream: resource)
    }

    /// The event about the end of an elicitation; nil for an open one.
    package func find(of elicitation: ElicitationID) throws -> EventRecord? {
        try first("SELECT \(EventRecord.columns) FROM events WHERE elicitation_id = ?1", elicitation.string) {
            try EventRecord($0)
        }
    }

    /// The event about the end of a session; nil for a live session and for an MCP server that receives no events.
    package func find(of session: SessionID) throws -> EventRecord? {
        // SQLite uses the partial index only if the query repeats its condition.
        try first(
            """
            SELECT \(EventRecord.columns) FROM events
            WHERE session_id = ?1 AND type = '\(SecurityEventType.sessionRevoked.rawValue)'
            """, session.string
        ) { try EventRecord($0) }
    }

    /// The event of this id in any state.
    package func find(_ id: EventID) throws -> EventRecord? {
        try first("SELECT \(EventRecord.columns) FROM events WHERE id = ?1", id.string) { try EventRecord($0) }
    }
}
