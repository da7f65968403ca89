import JOSE
package import OAuth

/// A security event in its queue.
package struct EventRecord: Hashable, Sendable {
    /// Where its delivery stands.
    package enum State: String, Hashable, Sendable, CaseIterable {
        /// Not accepted by anybody yet.
        case waiting
        /// The MCP server has it.
        case delivered
        /// Given up; an administrator may have it tried again.
        case dead
    }

    package let event: SecurityEvent
    package let resourceID: ResourceID
    package let elicitationID: ElicitationID?
    /// The session that it is about, where it is about one.
    package let sessionID: SessionID?
    package let state: State
    /// How often it was sent.
    package let attempts: Int
    /// When it is to be sent next.
    package let dueAt: Timestamp
    package let settledAt: Timestamp?
    /// The status of the last answer.
    package let lastStatus: Int?
    /// What went wrong the last time, as a short code.
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
        let subject: Subject? = try row.idIfAny(4)
        let person: SecurityEvent.About? = subject.map { subject in
            session.map { .session($0, of: subject) } ?? .person(subject)
        }
        event = SecurityEvent(
            id: try row.id(0), type: try row.parsed(SecurityEventType(rawValue: row.text(3))),
            issuedAt: try row.time(6), about: person ?? .stream(resourceID),
            transaction: elicitationID?.string ?? session?.string,
            payload: try JSONObject(parsing: Array(row.text(5).utf8)))
        state = try row.parsed(State(rawValue: row.text(7)))
        attempts = Int(try row.integer(8))
        dueAt = try row.time(9)
        settledAt = try row.timeIfAny(10)
        lastStatus = try row.integerIfAny(11).map { Int($0) }
        lastError = try row.textIfAny(12)
    }
}

/// Security events that wait for MCP servers, or were delivered.
package struct Events: Noun {
    let transaction: Transaction
}

extension Events {
    /// Puts an event into the queue of its MCP server, due at once, in the transaction of what it tells.
    package func enqueue(_ event: SecurityEvent, resource: ResourceID, elicitation: ElicitationID? = nil) throws {
        let (subject, session): (Subject?, SessionID?) =
            switch event.about {
            case .person(let subject): (subject, nil)
            case .session(let session, let subject): (subject, session)
            case .stream: (nil, nil)
            }
        try execute(
            """
            INSERT INTO events
                (id, resource_id, elicitation_id, type, subject, payload, created_at, state, due_at, session_id)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'waiting', ?7, ?8)
            """, event.id.string, resource.string, elicitation?.string, event.type.rawValue, subject?.string,
            event.payload.text, event.issuedAt.seconds, session?.string)
        writerMemory?.signals.add(stream: resource)
    }

    /// The event that told how an elicitation ended; nil while it is open.
    package func find(of elicitation: ElicitationID) throws -> EventRecord? {
        try first("SELECT \(EventRecord.columns) FROM events WHERE elicitation_id = ?1", elicitation.string) {
            try EventRecord($0)
        }
    }

    /// The event that told of a session's end; nil while it lives, and where nobody was to be told.
    package func find(of session: SessionID) throws -> EventRecord? {
        // The type stands as it does in the condition of the index.
        try first(
            """
            SELECT \(EventRecord.columns) FROM events
            WHERE session_id = ?1 AND type = '\(SecurityEventType.sessionRevoked.rawValue)'
            """, session.string
        ) { try EventRecord($0) }
    }

    /// The event of this id, whatever became of it.
    package func find(_ id: EventID) throws -> EventRecord? {
        try first("SELECT \(EventRecord.columns) FROM events WHERE id = ?1", id.string) { try EventRecord($0) }
    }
}
