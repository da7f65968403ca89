package import OAuth

/// Which sessions are meant; what is not said does not narrow.
package struct SessionFilter: Hashable, Sendable {
    /// These sessions alone; empty means any.
    package var ids: [SessionID]
    package var user: UserID?
    package var client: ClientID?
    /// The host of clients' documents.
    package var host: String?
    package var resource: ResourceID?
    /// Where they stand by the clock, not by the row.
    package var state: Session.State?
    /// Only those that were not used since.
    package var idleSince: Timestamp?

    /// A filter; without arguments it means every session.
    package init(
        ids: [SessionID] = [], user: UserID? = nil, client: ClientID? = nil, host: String? = nil,
        resource: ResourceID? = nil, state: Session.State? = nil, idleSince: Timestamp? = nil
    ) {
        self.ids = ids
        self.user = user
        self.client = client
        self.host = host
        self.resource = resource
        self.state = state
        self.idleSince = idleSince
    }
}

/// Where a page of sessions ended, so that the next one goes on behind it.
package struct SessionCursor: Hashable, Sendable {
    package let createdAt: Timestamp
    package let id: SessionID

    /// Behind this session.
    package init(after session: Session) {
        createdAt = session.createdAt
        id = session.id
    }

    /// Behind the one that was approved at a moment under this id.
    init(createdAt: Timestamp, id: SessionID) {
        self.createdAt = createdAt
        self.id = id
    }
}

/// The WHERE clause of a filter: fixed pieces and bound values, never a caller's text.
private struct Clause {
    private(set) var conditions: [String] = []
    private(set) var values: [Value] = []

    mutating func add(_ condition: String, _ new: Value...) {
        var condition = condition
        for (index, value) in new.enumerated().reversed() {
            values.append(value)
            condition = condition.replacing("#\(index)", with: "?\(values.count)")
        }
        conditions.append(condition)
    }

    init(_ filter: SessionFilter) {
        if !filter.ids.isEmpty {
            // The identifiers' own alphabet keeps JSON simple: no quote, no backslash.
            let list = "[" + filter.ids.map { "\"\($0.string)\"" }.joined(separator: ",") + "]"
            add("id IN (SELECT value FROM json_each(#0))", list)
        }
        if let user = filter.user { add("user_id = #0", user.string) }
        if let client = filter.client { add("client_id = #0", client.string) }
        if let host = filter.host { add("client_host = #0", host) }
        if let resource = filter.resource { add("resource_id = #0", resource.string) }
        if let since = filter.idleSince { add("last_used_at <= #0", since.seconds) }
    }

    var text: String { conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND ") }
}

extension Transaction {
    /// One page of sessions, newest first.
    package func sessions(
        _ filter: SessionFilter = SessionFilter(), after cursor: SessionCursor? = nil, limit: Int = 100, now: Timestamp
    ) throws -> [Session] {
        var clause = Clause(filter)
        if let state = filter.state {
            clause.add(
                """
                CASE WHEN state IN ('approved', 'active') AND (expires_at <= #1 OR last_used_at + idle_seconds <= #1)
                    THEN 'expired' ELSE state END = #0
                """, state.rawValue, now.seconds)
        }
        if let cursor { clause.add("(created_at, id) < (#0, #1)", cursor.createdAt.seconds, cursor.id.string) }
        return try all(
            """
            SELECT \(Session.columns) FROM sessions \(clause.text)
            ORDER BY created_at DESC, id DESC LIMIT ?\(clause.values.count + 1)
            """, clause.values + [limit]
        ) { try Session($0) }
    }

    /// The sessions of a person for one client at one MCP server that can still be used, newest first.
    package func liveSessions(
        user: UserID, client: ClientID, resource: ResourceID, now: Timestamp
    ) throws -> [Session] {
        try all(
            """
            SELECT \(Session.columns) FROM sessions
            WHERE user_id = ?1 AND client_id = ?2 AND resource_id = ?3 AND state IN ('approved', 'active')
                AND expires_at > ?4 AND last_used_at + idle_seconds > ?4
            ORDER BY created_at DESC, id DESC
            """, user.string, client.string, resource.string, now.seconds
        ) { try Session($0) }
    }

    /// The sessions of a person that can still be used, newest first; those behind the cursor, if there is one.
    package func liveSessions(
        of user: UserID, after cursor: SessionCursor? = nil, limit: Int, now: Timestamp
    ) throws -> [Session] {
        try all(
            Self.liveOfUser, user.string, cursor?.createdAt.seconds ?? .max, cursor?.id.string ?? "", now.seconds, limit
        ) { try Session($0) }
    }

    static let liveOfUser = """
        SELECT \(Session.columns) FROM sessions
        WHERE user_id = ?1 AND state IN ('approved', 'active') AND (created_at, id) < (?2, ?3)
            AND expires_at > ?4 AND last_used_at + idle_seconds > ?4
        ORDER BY created_at DESC, id DESC LIMIT ?5
        """

    /// Sessions that no row calls over, oldest first, behind a cursor and up to a row.
    func liveSessions(
        _ filter: SessionFilter, after cursor: SessionCursor?, upTo row: Int64?, limit: Int
    ) throws -> [Session] {
        var clause = Clause(filter)
        clause.add("state IN ('approved', 'active')")
        if let cursor { clause.add("(created_at, id) > (#0, #1)", cursor.createdAt.seconds, cursor.id.string) }
        if let row { clause.add("rowid <= #0", row) }
        return try all(
            """
            SELECT \(Session.columns) FROM sessions \(clause.text)
            ORDER BY created_at, id LIMIT ?\(clause.values.count + 1)
            """, clause.values + [limit]
        ) { try Session($0) }
    }
}
