import JOSE
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
    /// Only those that could be used and were not since.
    package var idleSince: Timestamp?
    /// Only those whose refresh tokens these keys authenticate; empty means any.
    package var refreshKeys: [String]

    /// A filter; without arguments it means every session.
    package init(
        ids: [SessionID] = [], user: UserID? = nil, client: ClientID? = nil, host: String? = nil,
        resource: ResourceID? = nil, state: Session.State? = nil, idleSince: Timestamp? = nil,
        refreshKeys: [String] = []
    ) {
        self.ids = ids
        self.user = user
        self.client = client
        self.host = host
        self.resource = resource
        self.state = state
        self.idleSince = idleSince
        self.refreshKeys = refreshKeys
    }

    /// How to find them: a person has few sessions, a client fewer than its host, an MCP server can have nearly all.
    var way: SessionScanPath {
        if !ids.isEmpty { return .byID }
        if user != nil { return .along("sessions_by_user_state") }
        if client != nil { return .along("sessions_by_client_state") }
        if host != nil { return .along("sessions_by_host_state") }
        return .along(resource != nil ? "sessions_by_resource_state" : "sessions_by_state")
    }
}

/// Where a page of sessions ended, so that the next one goes on behind it.
package struct SessionCursor: Hashable, Sendable {
    /// What the list is ordered by: the second of the approval, or in a list of idle ones the hour of the last use.
    package let position: Int64
    package let id: SessionID

    /// Behind this session, in a list that begins with the newest.
    package init(after session: Session) {
        self.init(position: session.createdAt.seconds, id: session.id)
    }

    /// Behind this session, in the order that lists of this filter have.
    package init(after session: Session, in filter: SessionFilter) {
        let isByUse = filter.idleSince != nil
        self.init(position: isByUse ? session.hourOfUse : session.createdAt.seconds, id: session.id)
    }

    /// Before all sessions: none was approved at such a time.
    static var beginning: SessionCursor { SessionCursor(position: .min, id: .random()) }

    /// Behind the one that stands there under this id.
    package init(position: Int64, id: SessionID) {
        self.position = position
        self.id = id
    }
}

extension Session {
    /// As `used_hour` has it.
    var hourOfUse: Int64 { lastUsedAt.seconds / 3_600 }

    /// The part of a WITH RECURSIVE that names the limits of disuse of sessions that live; it jumps from one to the next.
    static let limitsOfDisuse = """
        limits (seconds) AS (
            SELECT (SELECT min(idle_seconds) FROM sessions INDEXED BY live_sessions_by_use WHERE ended_at IS NULL)
            UNION ALL
            SELECT (SELECT min(idle_seconds) FROM sessions INDEXED BY live_sessions_by_use
                WHERE ended_at IS NULL AND idle_seconds > limits.seconds)
            FROM limits WHERE limits.seconds IS NOT NULL)
        """
}

/// The WHERE clause of a filter: fixed pieces and bound values, never a caller's text.
struct SessionClause {
    private(set) var conditions: [String] = []
    private(set) var values: [Value] = []

    /// One more condition; `#0`, `#1` stand for the values, the highest bound first.
    mutating func add(_ condition: String, _ new: Value...) {
        var condition = condition
        for (index, value) in new.enumerated().reversed() {
            values.append(value)
            condition = condition.replacing("#\(index)", with: "?\(values.count)")
        }
        conditions.append(condition)
    }

    /// What the filter says of whose and where; states and times are the list's own.
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
        if !filter.refreshKeys.isEmpty {
            // The plus leaves the way to the filter: all that live stand on one key or two.
            add("+refresh_key IN (SELECT value FROM json_each(#0))", JSON.strings(filter.refreshKeys).text)
        }
    }

    /// Its time is not over.
    mutating func addLives(at now: Timestamp) {
        add(SessionLife.hasTime(at: "#0"), now.seconds)
    }

    /// The clause for a statement.
    var text: String { conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND ") }
}
