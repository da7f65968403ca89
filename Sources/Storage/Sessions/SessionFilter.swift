import JOSE
package import OAuth

/// Selects sessions; a property that is nil or empty selects all.
package struct SessionFilter: Hashable, Sendable {
    /// Only these sessions; empty for all.
    package var ids: [SessionID]
    package var user: UserID?
    package var client: ClientID?
    /// The host of clients' documents.
    package var host: String?
    package var resource: ResourceID?
    /// The state at the time of the query, whether or not the row is updated.
    package var state: Session.State?
    /// Only live sessions that were not used since.
    package var idleSince: Timestamp?
    /// Only sessions whose refresh tokens one of these keys authenticates; empty for all.
    package var refreshKeys: [String]
    /// Only sessions of users who are not on this list and in none of its groups; nil for all. A session without a user matches no
    /// list.
    package var outside: AccessList?
    /// Only sessions with or without certain scopes; nil for all.
    package var scopes: ScopeLoss?

    /// A filter; without arguments it selects every session.
    package init(
        ids: [SessionID] = [], user: UserID? = nil, client: ClientID? = nil, host: String? = nil,
        resource: ResourceID? = nil, state: Session.State? = nil, idleSince: Timestamp? = nil,
        refreshKeys: [String] = [], outside: AccessList? = nil, scopes: ScopeLoss? = nil
    ) {
        self.ids = ids
        self.user = user
        self.client = client
        self.host = host
        self.resource = resource
        self.state = state
        self.idleSince = idleSince
        self.refreshKeys = refreshKeys
        self.outside = outside
        self.scopes = scopes
    }

    /// How the withdrawal of scopes from an MCP server affects a session there.
    package enum ScopeLoss: Hashable, Sendable {
        /// The session has one of these scopes.
        case any(of: ScopeSet)
        /// The session has scopes, and is left without any.
        case every(of: ScopeSet)
    }

    /// The path with the fewest rows: a user has few sessions, a client fewer than its host, an MCP server can have nearly
    /// all.
    var scanPath: SessionScanPath {
        if !ids.isEmpty { return .byID }
        if user != nil { return .along("sessions_by_user_state") }
        if client != nil { return .along("sessions_by_client_state") }
        if host != nil { return .along("sessions_by_host_state") }
        return .along(resource != nil ? "sessions_by_resource_state" : "sessions_by_state")
    }
}

/// The place behind which the next page of sessions begins.
package struct SessionCursor: Hashable, Sendable {
    /// The first part of the order: the second of the approval, or the hour of the last use in a list of idle sessions.
    package let position: Int64
    /// The second part of the order, which tells sessions of the same second apart.
    package let id: SessionID

    /// The place of a session in a list by the time of approval.
    package init(after session: Session) {
        self.init(position: session.createdAt.seconds, id: session.id)
    }

    /// The place of a session in a list of this filter.
    package init(after session: Session, in filter: SessionFilter) {
        let isByUse = filter.idleSince != nil
        self.init(position: isByUse ? session.hourOfLastUse : session.createdAt.seconds, id: session.id)
    }

    /// The place before all sessions.
    static var beginning: SessionCursor { SessionCursor(position: .min, id: .random()) }

    /// The place of the session with this position and id.
    package init(position: Int64, id: SessionID) {
        self.position = position
        self.id = id
    }
}

extension Session {
    /// The hour of the last use since 1970, as in the column `used_hour`.
    var hourOfLastUse: Int64 { lastUsedAt.seconds / 3_600 }

    /// A part of WITH RECURSIVE that lists the idle timeouts of live sessions, jumping along the index from one to the next.
    static let idleLimits = """
        limits (seconds) AS (
            SELECT (SELECT min(idle_seconds) FROM sessions INDEXED BY live_sessions_by_use WHERE ended_at IS NULL)
            UNION ALL
            SELECT (SELECT min(idle_seconds) FROM sessions INDEXED BY live_sessions_by_use
                WHERE ended_at IS NULL AND idle_seconds > limits.seconds)
            FROM limits WHERE limits.seconds IS NOT NULL)
        """
}

/// The WHERE clause of a filter: fixed pieces of SQL and bound values, never the text of a caller.
struct SessionClause {
    private(set) var conditions: [String] = []
    private(set) var values: [Value] = []

    /// Adds a condition in which `#0`, `#1` stand for the values.
    mutating func add(_ condition: String, _ new: Value...) {
        var condition = condition
        for (index, value) in new.enumerated().reversed() {
            values.append(value)
            condition = condition.replacing("#\(index)", with: "?\(values.count)")
        }
        conditions.append(condition)
    }

    /// The conditions on ids, user, client, host, MCP server and keys; a list adds those on state and time.
    init(_ filter: SessionFilter) {
        if !filter.ids.isEmpty {
            // Identifiers hold no quote and no backslash, so JSON needs no escapes.
            let list = "[" + filter.ids.map { "\"\($0.string)\"" }.joined(separator: ",") + "]"
            add("id IN (SELECT value FROM json_each(#0))", list)
        }
        if let user = filter.user { add("user_id = #0", user.string) }
        if let client = filter.client { add("client_id = #0", client.string) }
        if let host = filter.host { add("client_host = #0", host) }
        if let resource = filter.resource { add("resource_id = #0", resource.string) }
        if let list = filter.outside { add(outside: list) }
        switch filter.scopes {
        case nil: break
        case .any(let scopes): add(WithdrawnScopes.touch("#0"), JSON.strings(scopes.scopes.map(\.string)).text)
        case .every(let scopes):
            add(
                WithdrawnScopes.leaveNothing(withdrawing: "#0"), JSON.strings(scopes.scopes.map(\.string)).text)
        }
        if !filter.refreshKeys.isEmpty {
            // The plus keeps SQLite from the index of the keys: nearly all live sessions have one key or two.
            add("+refresh_key IN (SELECT value FROM json_each(#0))", JSON.strings(filter.refreshKeys).text)
        }
    }

    /// Adds the condition that a session has a user, who is neither on the list nor in one of its groups.
    private mutating func add(outside list: AccessList) {
        // The plus keeps SQLite from an index of the users: the path of the filter is already chosen.
        add(
            """
            +user_id IS NOT NULL AND +user_id NOT IN (SELECT value FROM json_each(#0))
            AND NOT EXISTS (
                SELECT 1 FROM group_members m
                WHERE m.user_id = sessions.user_id AND m.group_id IN (SELECT value FROM json_each(#1)))
            """, JSON.strings(list.users.map(\.string)).text, JSON.strings(list.groups.map(\.string)).text)
    }

    /// Adds the condition that neither time limit has passed.
    mutating func addUnexpired(at now: Timestamp) {
        add(SessionLife.hasTime(at: "#0"), now.seconds)
    }

    /// The clause for a statement.
    var text: String { conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND ") }
}
