package import OAuth

/// One scan of one index in the order of a list. A list merges a few scans, each no longer than the page, so that its cost
/// depends on the page and not on the table.
struct SessionScan {
    let sql: String
    let values: [Value]

    /// Scans the sessions of a clause along a path.
    init(_ clause: SessionClause, _ path: SessionScanPath, order: String, limit: Int) {
        sql = """
            SELECT \(Session.columns) FROM sessions \(path.text) \(clause.text)
            ORDER BY \(order) LIMIT ?\(clause.values.count + 1)
            """
        values = clause.values + [limit]
    }
}

/// How a scan finds its sessions. SQLite has no statistics here and would guess among several indexes, sometimes at the cost
/// of a million rows.
enum SessionScanPath {
    /// Along the index of this name.
    case along(String)
    /// By row numbers that a subquery gives.
    case byRow
    /// By the ids in the filter.
    case byID

    /// The clause behind the name of the table.
    var text: String {
        switch self {
        case .along(let index): "INDEXED BY \(index)"
        case .byRow: "NOT INDEXED"
        case .byID: ""
        }
    }
}

/// One page of a list of sessions: newest first, or for idle sessions longest idle first.
struct SessionPage {
    let filter: SessionFilter
    let cursor: SessionCursor?
    let limit: Int
    let now: Timestamp
    /// A shorter path than the filter's own.
    var path: SessionScanPath?

    static let newestFirst = "created_at DESC, id DESC"
    static let longestIdleFirst = "used_hour, id"

    /// The scans of a list that is newest first.
    var scans: [SessionScan] {
        if !filter.ids.isEmpty { return [named] }
        switch filter.state {
        case nil: return [.approved, .active, .ended, .expired].map { scan($0) }
        case .approved: return [scan(.approved, isLive: true)]
        case .active: return [scan(.active, isLive: true)]
        case .ended: return [scan(.ended)]
        case .expired: return [scan(.expired), overdue]
        }
    }

    /// The scans of a list of idle sessions; `limits` are all idle timeouts that live sessions have. The sessions of one user
    /// are few, so they are sorted instead.
    func idleScans(_ limits: [Int64], since: Timestamp) -> [SessionScan] {
        guard filter.user == nil else {
            return live.map { state in
                var clause = clause
                clause.add("state = #0", state.rawValue)
                return idle(clause, path ?? filter.scanPath, since)
            }
        }
        return limits.map { seconds in
            var clause = clause
            clause.add("ended_at IS NULL AND idle_seconds = #0", seconds)
            if let state = filter.state { clause.add("state = #0", state.rawValue) }
            return idle(clause, .along("live_sessions_by_use"), since)
        }
    }

    private func idle(_ clause: SessionClause, _ path: SessionScanPath, _ since: Timestamp) -> SessionScan {
        var clause = clause
        clause.add("used_hour <= #0 AND last_used_at <= #1", since.seconds / 3_600, since.seconds)
        if let cursor { clause.add("(used_hour, id) > (#0, #1)", cursor.position, cursor.id.string) }
        clause.addUnexpired(at: now)
        return SessionScan(clause, path, order: Self.longestIdleFirst, limit: limit)
    }

    private func scan(_ state: Session.State, isLive: Bool = false) -> SessionScan {
        var clause = clause
        clause.add("state = #0", state.rawValue)
        if isLive { clause.addUnexpired(at: now) }
        return newestFirst(clause, path ?? filter.scanPath)
    }

    /// Scans the sessions that expired and whose rows the housekeeper has not updated yet: those of the last minute.
    private var overdue: SessionScan {
        var clause = clause
        clause.add(
            """
            rowid IN (
                SELECT rowid FROM sessions INDEXED BY sessions_by_end
                WHERE \(SessionLife.hasStateThatLives()) AND expires_at <= #0
                UNION ALL
                SELECT * FROM (WITH RECURSIVE \(Session.idleLimits)
                SELECT s.rowid FROM limits CROSS JOIN sessions s INDEXED BY live_sessions_by_use
                WHERE s.ended_at IS NULL AND s.idle_seconds = limits.seconds
                    AND s.used_hour <= (#0 - limits.seconds) / 3600 AND \(SessionLife.idleEnd("s")) <= #0))
            """, now.seconds)
        return newestFirst(clause, .byRow)
    }

    /// Scans the sessions that the filter names; its other conditions are checked on each.
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
            clause.addUnexpired(at: now)
        }
        return newestFirst(clause, .byID)
    }

    private func newestFirst(_ clause: SessionClause, _ path: SessionScanPath) -> SessionScan {
        var clause = clause
        if let cursor { clause.add("(created_at, id) < (#0, #1)", cursor.position, cursor.id.string) }
        return SessionScan(clause, path, order: Self.newestFirst, limit: limit)
    }

    private var clause: SessionClause { SessionClause(filter) }

    private var live: [Session.State] { filter.state.map { [$0] } ?? SessionLife.states }
}

extension Sessions {
    /// One page of the sessions that match, newest first; with `idleSince` the live ones, longest idle first to the hour.
    package func list(
        _ filter: SessionFilter = SessionFilter(), after cursor: SessionCursor? = nil, limit: Int = 100, now: Timestamp
    ) throws -> [Session] {
        let page = SessionPage(
            filter: filter, cursor: cursor, limit: limit, now: now, path: try scanPath(of: filter))
        guard let since = filter.idleSince, filter.ids.isEmpty else {
            return try merged(page.scans, limit) { ($1.createdAt, $1.id) < ($0.createdAt, $0.id) }
        }
        return try merged(page.idleScans(idleLimits(), since: since), limit) {
            ($0.hourOfLastUse, $0.id) < ($1.hourOfLastUse, $1.id)
        }
    }

    /// One page of the sessions that match any of the filters. No session may match two, and only hosts and MCP servers may differ.
    package func list(
        _ filters: [SessionFilter], after cursor: SessionCursor?, limit: Int, now: Timestamp
    ) throws -> [Session] {
        let found = try filters.flatMap { try list($0, after: cursor, limit: limit, now: now) }
        guard filters.count > 1 else { return found }
        let isByUse = filters[0].idleSince != nil
        let sorted = found.sorted { one, other in
            isByUse
                ? (one.hourOfLastUse, one.id) < (other.hourOfLastUse, other.id)
                : (other.createdAt, other.id) < (one.createdAt, one.id)
        }
        return Array(sorted.prefix(limit))
    }

    /// The sessions that match and whose rows are not final, oldest first, behind a cursor and up to a row number.
    func live(
        _ filter: SessionFilter, after cursor: SessionCursor?, upTo last: Int64?, limit: Int
    ) throws -> [Session] {
        try merged(Self.liveScans(filter, after: cursor, upTo: last, limit: limit, path: scanPath(of: filter)), limit) {
            ($0.createdAt, $0.id) < ($1.createdAt, $1.id)
        }
    }

    /// The scans of `live`, one for each state that is not final.
    static func liveScans(
        _ filter: SessionFilter, after cursor: SessionCursor?, upTo last: Int64?, limit: Int,
        path: SessionScanPath? = nil
    ) -> [SessionScan] {
        // The plus keeps SQLite from using another index than that of the ids for sessions that the filter names.
        let states = SessionLife.states.filter { filter.state == nil || filter.state == $0 }
        let rows = filter.ids.isEmpty ? states.map { "state = '\($0.rawValue)'" } : ["+ended_at IS NULL"]
        return rows.map { row in
            var clause = SessionClause(filter)
            clause.add(row)
            if let since = filter.idleSince { clause.add("last_used_at <= #0", since.seconds) }
            if let cursor { clause.add("(created_at, id) > (#0, #1)", cursor.position, cursor.id.string) }
            if let last { clause.add("+rowid <= #0", last) }
            return SessionScan(clause, path ?? filter.scanPath, order: "created_at, id", limit: limit)
        }
    }

    /// The first `limit` sessions of all scans.
    private func merged(
        _ scans: [SessionScan], _ limit: Int, by isBefore: (Session, Session) -> Bool
    ) throws -> [Session] {
        let found = try scans.flatMap { try all($0.sql, $0.values) { try Session($0) } }
        return Array((scans.count > 1 ? found.sorted(by: isBefore) : found).prefix(limit))
    }

    /// The shortest path to the sessions of a filter. A client or a host usually has fewer sessions than an MCP server; if
    /// the MCP server has only `few`, they are scanned instead, because the client may have half a million.
    func scanPath(of filter: SessionFilter, few: Int = 2_000) throws -> SessionScanPath {
        guard filter.ids.isEmpty, filter.user == nil, filter.client != nil || filter.host != nil,
            let resource = filter.resource
        else { return filter.scanPath }
        let count = try first(
            """
            SELECT count(*) FROM (SELECT 1 FROM sessions INDEXED BY sessions_by_resource_state
            WHERE resource_id = ?1 LIMIT ?2)
            """, resource.string, few + 1
        ) { try $0.integer(0) }
        return (count ?? 0) <= few ? SessionFilter(resource: resource).scanPath : filter.scanPath
    }

    /// The idle timeouts that live sessions have; they are few.
    private func idleLimits() throws -> [Int64] {
        try all("WITH RECURSIVE \(Session.idleLimits) SELECT seconds FROM limits WHERE seconds IS NOT NULL") {
            try $0.integer(0)
        }
    }
}

extension Sessions {
    /// The live sessions of a user with one client at one MCP server, newest first.
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

    /// The live sessions of a user, newest first, behind the cursor if there is one.
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
