package import OAuth

/// The number of live sessions, and of their users, clients and MCP servers.
package struct LiveSessionCounts: Hashable, Sendable {
    package let sessions: Int64
    package let people: Int64
    package let clients: Int64
    package let resources: Int64
}

/// Counts of live sessions, for previews and access reviews.
package struct SessionReports: Noun {
    let transaction: Transaction
}

extension SessionReports {
    /// Counts the live sessions that match; the state of the filter is ignored.
    package func liveCounts(_ filter: SessionFilter, now: Timestamp) throws -> LiveSessionCounts {
        let clause = filter.liveRows(at: now)
        let counts = try first(
            """
            SELECT count(*), count(DISTINCT user_id), count(DISTINCT client_id), count(DISTINCT resource_id)
            FROM sessions \(try transaction.sessions.scanPath(of: filter).text) \(clause.text)
            """, clause.values
        ) {
            LiveSessionCounts(
                sessions: try $0.integer(0), people: try $0.integer(1), clients: try $0.integer(2),
                resources: try $0.integer(3))
        }
        return counts ?? LiveSessionCounts(sessions: 0, people: 0, clients: 0, resources: 0)
    }

    /// Counts the live sessions that match any of the filters. No session may match two: one filter for each host or MCP server.
    package func liveCounts(_ filters: [SessionFilter], now: Timestamp) throws -> LiveSessionCounts {
        if filters.count == 1 { return try liveCounts(filters[0], now: now) }
        var (people, resources, clients): (Set<String>, Set<String>, Set<String>) = ([], [], [])
        var sessions: Int64 = 0
        for filter in filters {
            let counts = try liveCounts(filter, now: now)
            sessions += counts.sessions
            let clause = filter.liveRows(at: now)
            let both = try all(
                "SELECT DISTINCT user_id, resource_id, client_id FROM sessions \(try transaction.sessions.scanPath(of: filter).text) \(clause.text)",
                clause.values
            ) { (person: try $0.textIfAny(0), resource: try $0.text(1), client: try $0.text(2)) }
            people.formUnion(both.compactMap(\.person))
            resources.formUnion(both.map(\.resource))
            clients.formUnion(both.map(\.client))
        }
        return LiveSessionCounts(
            sessions: sessions, people: Int64(people.count), clients: Int64(clients.count),
            resources: Int64(resources.count))
    }

    /// The registered MCP servers of an owner.
    package func resources(of owner: String) throws -> [ResourceID] {
        try all("SELECT id FROM resources WHERE owner = ?1 AND removed_at IS NULL ORDER BY id", owner) {
            try $0.id(0)
        }
    }

    /// The newest live sessions that match any of the filters, newest first.
    package func newestLive(_ filters: [SessionFilter], limit: Int, now: Timestamp) throws -> [Session] {
        let found = try filters.flatMap { try newestLive($0, limit: limit, now: now) }
        return Array(found.sorted { ($1.createdAt, $1.id) < ($0.createdAt, $0.id) }.prefix(limit))
    }

    /// The newest live sessions that match, newest first.
    package func newestLive(_ filter: SessionFilter, limit: Int, now: Timestamp) throws -> [Session] {
        let states = SessionLife.states.filter { filter.state == nil || filter.state == $0 }
        let found = try states.flatMap { state in
            var one = filter
            one.state = state
            return try transaction.sessions.list(one, limit: limit, now: now)
        }
        return Array(found.sorted { ($1.createdAt, $1.id) < ($0.createdAt, $0.id) }.prefix(limit))
    }
}

extension SessionFilter {
    fileprivate func liveRows(at now: Timestamp) -> SessionClause {
        var clause = SessionClause(self)
        clause.add(ids.isEmpty ? SessionLife.hasStateThatLives() : "+ended_at IS NULL")
        if let state { clause.add("+state = #0", state.rawValue) }
        if let since = idleSince { clause.add("last_used_at <= #0", since.seconds) }
        clause.addUnexpired(at: now)
        return clause
    }
}

/// The live sessions of one MCP server for an access review, and how many of them are unused.
package struct ResourceReport: Hashable, Sendable {
    package let resource: ResourceID
    package let identifier: String
    package let name: String
    /// Who is accountable for the MCP server.
    package let owner: String
    package let live: Int64
    package let people: Int64
    package let clients: Int64
    /// The number of live sessions without use since the given time.
    package let idle: Int64
    /// The number of live sessions that were neither refreshed nor introspected after the redemption of their code.
    package let neverUsed: Int64
    /// When the oldest live session was approved; nil without one.
    package let oldest: Timestamp?
    /// The latest absolute end of a live session; nil without one.
    package let lastEnd: Timestamp?
}

extension SessionReports {
    /// A report for each registered MCP server, by owner; each query uses one part of an index.
    package func resourceReports(
        owner: String? = nil, idleSince: Timestamp, now: Timestamp, limit: Int
    ) throws -> [ResourceReport] {
        let servers = try all(
            """
            SELECT id, identifier, name, owner FROM resources
            WHERE removed_at IS NULL AND (?1 IS NULL OR owner = ?1) ORDER BY owner, name, id LIMIT ?2
            """, owner, limit
        ) {
            (id: try $0.id(0, ResourceID.self), identifier: try $0.text(1), name: try $0.text(2), owner: try $0.text(3))
        }
        return try servers.compactMap { server in
            try first(Self.resourceReport, server.id.string, now.seconds, idleSince.seconds) { row in
                ResourceReport(
                    resource: server.id, identifier: server.identifier, name: server.name, owner: server.owner,
                    live: try row.integer(0), people: try row.integer(1), clients: try row.integer(2),
                    idle: try row.integer(3), neverUsed: try row.integer(4), oldest: try row.timeIfAny(5),
                    lastEnd: try row.timeIfAny(6))
            }
        }
    }

    // The code of a live session is kept, with the time of its redemption.
    static let resourceReport = """
        SELECT count(*), count(DISTINCT user_id), count(DISTINCT client_id), coalesce(sum(last_used_at <= ?3), 0),
            coalesce(sum(generation = 1 AND last_used_at
                <= coalesce((SELECT spent_at FROM codes WHERE session_id = sessions.id), created_at)), 0),
            min(created_at), max(expires_at)
        FROM sessions INDEXED BY sessions_by_resource_state
        WHERE resource_id = ?1 AND \(SessionLife.lives(at: "?2"))
        """

    /// Counts the live sessions at an MCP server up to a limit, so that a large one costs no more than the limit.
    package func liveCount(at resource: ResourceID, atMost limit: Int, now: Timestamp) throws -> Int {
        try first(Self.liveCount, resource.string, now.seconds, limit) { Int(try $0.integer(0)) } ?? 0
    }

    static let liveCount = """
        SELECT count(*) FROM (
            SELECT 1 FROM sessions INDEXED BY sessions_by_resource_state
            WHERE resource_id = ?1 AND \(SessionLife.lives(at: "?2")) LIMIT ?3)
        """
}
