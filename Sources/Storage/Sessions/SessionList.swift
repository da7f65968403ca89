package import OAuth

/// One walk along one index in the order of a list. A list is the merge of a few, each no longer than the page, so that it
/// costs what the page costs and not what is in the table.
struct SessionScan {
    let sql: String
    let values: [Value]

    /// Walks so through the sessions of a clause.
    init(_ clause: SessionClause, _ way: SessionScanPath, order: String, limit: Int) {
        sql = """
            SELECT \(Session.columns) FROM sessions \(way.text) \(clause.text)
            ORDER BY \(order) LIMIT ?\(clause.values.count + 1)
            """
        values = clause.values + [limit]
    }
}

/// How a walk finds its sessions. SQLite has no statistics here and would guess among several indexes, sometimes at the cost
/// of a million rows.
enum SessionScanPath {
    case along(String)
    /// By their numbers, which another search gave.
    case byRow
    /// By their ids.
    case byID

    var text: String {
        switch self {
        case .along(let index): "INDEXED BY \(index)"
        case .byRow: "NOT INDEXED"
        case .byID: ""
        }
    }
}

/// What has to be walked through for a page: the newest first, or of the idle ones the longest unused first.
struct SessionPage {
    let filter: SessionFilter
    let cursor: SessionCursor?
    let limit: Int
    let now: Timestamp
    /// Another way than the filter's own, where that one is longer.
    var way: SessionScanPath?

    static let newestFirst = "created_at DESC, id DESC"
    static let longestUnusedFirst = "used_hour, id"

    /// The walks of a list of all times, the newest first.
    var walks: [SessionScan] {
        if !filter.ids.isEmpty { return [named] }
        switch filter.state {
        case nil: return [.approved, .active, .ended, .expired].map { walk($0) }
        case .approved: return [walk(.approved, lives: true)]
        case .active: return [walk(.active, lives: true)]
        case .ended: return [walk(.ended)]
        case .expired: return [walk(.expired), overdue]
        }
    }

    /// The walks of a list of idle ones; these limits of disuse are all that there are. Nobody has so many sessions that their
    /// own could not be sorted.
    func idleWalks(_ limits: [Int64], since: Timestamp) -> [SessionScan] {
        guard filter.user == nil else {
            return live.map { state in
                var clause = clause
                clause.add("state = #0", state.rawValue)
                return idle(clause, way ?? filter.way, since)
            }
        }
        return limits.map { seconds in
            var clause = clause
            clause.add("ended_at IS NULL AND idle_seconds = #0", seconds)
            if let state = filter.state { clause.add("state = #0", state.rawValue) }
            return idle(clause, .along("live_sessions_by_use"), since)
        }
    }

    private func idle(_ clause: SessionClause, _ way: SessionScanPath, _ since: Timestamp) -> SessionScan {
        var clause = clause
        clause.add("used_hour <= #0 AND last_used_at <= #1", since.seconds / 3_600, since.seconds)
        if let cursor { clause.add("(used_hour, id) > (#0, #1)", cursor.position, cursor.id.string) }
        clause.addLives(at: now)
        return SessionScan(clause, way, order: Self.longestUnusedFirst, limit: limit)
    }

    private func walk(_ state: Session.State, lives: Bool = false) -> SessionScan {
        var clause = clause
        clause.add("state = #0", state.rawValue)
        if lives { clause.addLives(at: now) }
        return newestFirst(clause, way ?? filter.way)
    }

    /// Those whose time is over and of which no row says so yet: what housekeeping has left of the last minute.
    private var overdue: SessionScan {
        var clause = clause
        clause.add(
            """
            rowid IN (
                SELECT rowid FROM sessions INDEXED BY sessions_by_end
                WHERE \(SessionLife.hasStateThatLives()) AND expires_at <= #0
                UNION ALL
                SELECT * FROM (WITH RECURSIVE \(Session.limitsOfDisuse)
                SELECT s.rowid FROM limits CROSS JOIN sessions s INDEXED BY live_sessions_by_use
                WHERE s.ended_at IS NULL AND s.idle_seconds = limits.seconds
                    AND s.used_hour <= (#0 - limits.seconds) / 3600 AND \(SessionLife.idleEnd("s")) <= #0))
            """, now.seconds)
        return newestFirst(clause, .byRow)
    }

    /// A few that are named, whatever is asked of them besides.
    private var named: SessionScan {
        var clause = clause
        if let state = filter.state {
            clause.add(
                """
                CASE WHEN ended_at IS NULL AND NOT (\(SessionLife.hasTime(at: "#1")))
                    THEN 'expired' ELSE state END = #0
                """, state.rawValue, now.seconds)
        }
        if let since = filter.idleSince {
            clause.add("+ended_at IS NULL AND last_used_at <= #0", since.seconds)
            clause.addLives(at: now)
        }
        return newestFirst(clause, .byID)
    }

    private func newestFirst(_ clause: SessionClause, _ way: SessionScanPath) -> SessionScan {
        var clause = clause
        if let cursor { clause.add("(created_at, id) < (#0, #1)", cursor.position, cursor.id.string) }
        return SessionScan(clause, way, order: Self.newestFirst, limit: limit)
    }

    private var clause: SessionClause { SessionClause(filter) }

    private var live: [Session.State] { filter.state.map { [$0] } ?? SessionLife.states }
}

extension Sessions {
    /// One page of sessions, the newest first; of idle ones, which all live, the longest unused first, to the hour.
    package func list(
        _ filter: SessionFilter = SessionFilter(), after cursor: SessionCursor? = nil, limit: Int = 100, now: Timestamp
    ) throws -> [Session] {
        let way = try way(of: filter)
        let page = SessionPage(filter: filter, cursor: cursor, limit: limit, now: now, way: way)
        guard let since = filter.idleSince, filter.ids.isEmpty else {
            return try merged(page.walks, limit) { ($1.createdAt, $1.id) < ($0.createdAt, $0.id) }
        }
        return try merged(page.idleWalks(limitsOfDisuse(), since: since), limit) {
            ($0.hourOfUse, $0.id) < ($1.hourOfUse, $1.id)
        }
    }

    /// The same for sessions that match any of several filters, of which no session matches two and which differ in the host alone.
    package func list(
        _ filters: [SessionFilter], after cursor: SessionCursor?, limit: Int, now: Timestamp
    ) throws -> [Session] {
        let found = try filters.flatMap { try list($0, after: cursor, limit: limit, now: now) }
        guard filters.count > 1 else { return found }
        let isByUse = filters[0].idleSince != nil
        let sorted = found.sorted { one, other in
            isByUse
                ? (one.hourOfUse, one.id) < (other.hourOfUse, other.id)
                : (other.createdAt, other.id) < (one.createdAt, one.id)
        }
        return Array(sorted.prefix(limit))
    }

    /// Sessions that no row calls over, oldest first, behind a cursor and up to a row.
    func live(
        _ filter: SessionFilter, after cursor: SessionCursor?, upTo last: Int64?, limit: Int
    ) throws -> [Session] {
        try merged(Self.liveWalks(filter, after: cursor, upTo: last, limit: limit, way: way(of: filter)), limit) {
            ($0.createdAt, $0.id) < ($1.createdAt, $1.id)
        }
    }

    static func liveWalks(
        _ filter: SessionFilter, after cursor: SessionCursor?, upTo last: Int64?, limit: Int,
        way: SessionScanPath? = nil
    ) -> [SessionScan] {
        // The plus keeps SQLite from looking for named ones in any other way than by their ids.
        let rows = filter.ids.isEmpty ? SessionLife.states.map { "state = '\($0.rawValue)'" } : ["+ended_at IS NULL"]
        return rows.map { row in
            var clause = SessionClause(filter)
            clause.add(row)
            if let since = filter.idleSince { clause.add("last_used_at <= #0", since.seconds) }
            if let cursor { clause.add("(created_at, id) > (#0, #1)", cursor.position, cursor.id.string) }
            if let last { clause.add("+rowid <= #0", last) }
            return SessionScan(clause, way ?? filter.way, order: "created_at, id", limit: limit)
        }
    }

    /// The first of all that the walks find.
    private func merged(
        _ walks: [SessionScan], _ limit: Int, by isBefore: (Session, Session) -> Bool
    ) throws -> [Session] {
        let found = try walks.flatMap { try all($0.sql, $0.values) { try Session($0) } }
        return Array((walks.count > 1 ? found.sorted(by: isBefore) : found).prefix(limit))
    }

    /// A client or its host usually has fewer sessions than an MCP server. Where the MCP server has few, they are all looked at
    /// instead: the client may have half a million.
    func way(of filter: SessionFilter, few: Int = 2_000) throws -> SessionScanPath {
        guard filter.ids.isEmpty, filter.user == nil, filter.client != nil || filter.host != nil,
            let resource = filter.resource
        else { return filter.way }
        let there = try first(
            """
            SELECT count(*) FROM (SELECT 1 FROM sessions INDEXED BY sessions_by_resource_state
            WHERE resource_id = ?1 LIMIT ?2)
            """, resource.string, few + 1
        ) { try $0.integer(0) }
        return (there ?? 0) <= few ? SessionFilter(resource: resource).way : filter.way
    }

    private func limitsOfDisuse() throws -> [Int64] {
        try all("WITH RECURSIVE \(Session.limitsOfDisuse) SELECT seconds FROM limits WHERE seconds IS NOT NULL") {
            try $0.integer(0)
        }
    }
}

extension Sessions {
    /// The sessions of a person for one client at one MCP server that can still be used, newest first.
    package func live(
        user: UserID, client: ClientID, resource: ResourceID, now: Timestamp
    ) throws -> [Session] {
        try all(
            """
            SELECT \(Session.columns) FROM sessions INDEXED BY live_sessions_by_user
            WHERE user_id = ?1 AND client_id = ?2 AND resource_id = ?3 AND \(SessionLife.lives(at: "?4"))
            ORDER BY created_at DESC, id DESC
            """, user.string, client.string, resource.string, now.seconds
        ) { try Session($0) }
    }

    /// The sessions of a person that can still be used, newest first; those behind the cursor, if there is one.
    package func live(
        of user: UserID, after cursor: SessionCursor? = nil, limit: Int, now: Timestamp
    ) throws -> [Session] {
        try all(
            Self.liveOfUser, user.string, cursor?.position ?? .max, cursor?.id.string ?? "", now.seconds, limit
        ) { try Session($0) }
    }

    static let liveOfUser = """
        SELECT \(Session.columns) FROM sessions INDEXED BY live_sessions_by_user
        WHERE user_id = ?1 AND (created_at, id) < (?2, ?3) AND \(SessionLife.lives(at: "?4"))
        ORDER BY created_at DESC, id DESC LIMIT ?5
        """
}
