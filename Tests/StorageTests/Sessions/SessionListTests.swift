import GRDB
import JOSE
import OAuth
import StorageSupport
import TestSupport
import Testing

@testable import Storage

@Suite("Lists of sessions")
struct SessionListTests {
    private let start = World.start
    private var now: Timestamp { start + 20 * 86_400 }

    /// Every kind of filter, and every state with it.
    private func filters(_ world: World) throws -> [SessionFilter] {
        let url = try ClientID("https://app.example/client.json")
        let whose: [SessionFilter] = [
            SessionFilter(), SessionFilter(user: world.user.id), SessionFilter(client: url),
            SessionFilter(host: "app.example"), SessionFilter(resource: world.resource.id),
            SessionFilter(user: world.user.id, client: url), SessionFilter(client: url, resource: world.resource.id),
            SessionFilter(host: "app.example", resource: world.resource.id),
        ]
        return whose.flatMap { filter in
            ([nil, .approved, .active, .ended, .expired] as [Session.State?]).map { state in
                var filter = filter
                filter.state = state
                return filter
            }
        }
    }

    private func plan(_ world: World, _ sql: String, _ values: [Value]) async throws -> [String] {
        try await world.store.plan(of: sql, values: values.count)
    }

    @Test func `each page of each list is read along one index from its beginning, in its order`() async throws {
        let world = try await World()
        for filter in try filters(world) {
            for cursor in [nil, SessionCursor(position: 1, id: .random())] {
                let page = SessionPage(filter: filter, cursor: cursor, limit: 9, now: now)
                for walk in page.scans where !walk.sql.contains("rowid IN") {
                    let plan = try await plan(world, walk.sql, walk.values)
                    #expect(plan.count == 1 && plan[0].contains("state=?"), "\(walk.sql): \(plan)")
                    #expect(cursor == nil || plan[0].contains("(created_at,id)<(?,?)"), "\(walk.sql): \(plan)")
                    let lead = ["user_id=?", "client_id=?", "client_host=?", "resource_id=?"].contains(
                        where: plan[0].contains)
                    #expect(
                        lead == (filter.scanPath.text != SessionScanPath.along("sessions_by_state").text), "\(plan)")
                }
            }
        }
    }

    @Test func `expired sessions are found by their times, and idle ones by the hour of their last use`() async throws {
        let world = try await World()
        for filter in try filters(world) where filter.state == .expired {
            let page = SessionPage(filter: filter, cursor: nil, limit: 9, now: now)
            let overdue = try #require(page.scans.last)
            let plan = try await plan(world, overdue.sql, overdue.values)
            #expect(!plan.contains { $0.hasPrefix("SCAN sessions") || $0.hasPrefix("SCAN s ") }, "\(plan)")
            #expect(plan.contains("SEARCH sessions USING INTEGER PRIMARY KEY (rowid=?)"), "\(plan)")
            #expect(plan.contains { $0.contains("sessions_by_end (expires_at<?)") }, "\(plan)")
            #expect(plan.contains { $0.contains("live_sessions_by_use (idle_seconds=? AND used_hour<?)") }, "\(plan)")
        }
        for filter in try filters(world) where filter.user == nil && filter.state == nil {
            let first = SessionPage(filter: filter, cursor: nil, limit: 9, now: now)
            let next = SessionPage(
                filter: filter, cursor: SessionCursor(position: 1, id: .random()), limit: 9, now: now)
            for (page, range) in [(first, "used_hour<?"), (next, "(used_hour,id)>(?,?) AND used_hour<?")] {
                let walk = try #require(page.idleScans([1], since: now).first)
                let plan = try await plan(world, walk.sql, walk.values)
                #expect(
                    plan == [
                        "SEARCH sessions USING INDEX live_sessions_by_use (idle_seconds=? AND \(range))"
                    ])
            }
        }
        let housekeeping = try await plan(world, Transaction.expiredByIdleTimeout, [1, 1])
        #expect(!housekeeping.contains { $0.hasPrefix("SCAN s ") } && !housekeeping.contains { $0.contains("TEMP") })
    }

    @Test func `the pages of each filter hold what a scan of every row finds, once each and in order`() async throws {
        let (world, all) = try await crowd()
        for filter in try filters(world) {
            let expected = all.filter { filter.holds($0, at: now) }.sorted {
                ($1.createdAt, $1.id) < ($0.createdAt, $0.id)
            }
            #expect(try await pages(world, filter).map(\.id) == expected.map(\.id), "\(filter)")
            #expect(filter.state == .approved || filter.client != nil || filter.user != nil || !expected.isEmpty)
        }
        for filter in try filters(world) where ![.ended, .expired].contains(filter.state) {
            // Also to the second of a use, and to the one before it in the same hour.
            let uses = all.prefix(6).map(\.lastUsedAt).flatMap { [$0, Timestamp(seconds: $0.seconds - 1)] }
            for since in ([0, 1, 3, 12] as [Int64]).map({ now - $0 * 86_400 }) + uses {
                var filter = filter
                filter.idleSince = since
                let expected = all.filter { filter.holds($0, at: now) }.sorted {
                    ($0.lastUsedAt.seconds / 3_600, $0.id) < ($1.lastUsedAt.seconds / 3_600, $1.id)
                }
                #expect(try await pages(world, filter).map(\.id) == expected.map(\.id), "\(filter)")
            }
        }
        let named = SessionFilter(ids: Array(all.prefix(40).map(\.id)), state: .active)
        let expected = all.prefix(40).filter { named.holds($0, at: now) }
        #expect(try await Set(pages(world, named).map(\.id)) == Set(expected.map(\.id)) && !expected.isEmpty)
    }

    @Test func `an MCP server's few sessions are scanned instead of the client's half million`() async throws {
        let world = try await World()
        for _ in 0..<3 { _ = try await world.active(world.session()) }
        let both = SessionFilter(client: world.client.id, resource: world.resource.id)
        let ways = try await world.store.read { tx in
            try [
                tx.sessions.scanPath(of: both), tx.sessions.scanPath(of: both, few: 3),
                tx.sessions.scanPath(of: both, few: 2),
                tx.sessions.scanPath(of: SessionFilter()),
            ].map(
                \.text)
        }
        let (few, many) = (
            SessionFilter(resource: world.resource.id).scanPath.text,
            SessionFilter(client: world.client.id).scanPath.text
        )
        #expect(ways == [few, few, many, SessionFilter().scanPath.text] && few != many)
    }

    @Test func `counts equal the lists, and a review counts each MCP server apart`() async throws {
        let (world, all) = try await crowd()
        let live = all.filter { [.active, .approved].contains($0.state(at: now)) }
        let counts = try await world.store.read { [now] in try $0.sessionReports.liveCounts(SessionFilter(), now: now) }
        #expect(counts.sessions == Int64(live.count) && counts.people == 2 && counts.resources == 2)
        #expect(counts.clients == Int64(Set(live.map(\.clientID)).count))
        let first = try await world.store.read { [now] in
            try $0.sessionReports.newestLive(SessionFilter(), limit: 5, now: now)
        }
        let newest = live.sorted { ($1.createdAt, $1.id) < ($0.createdAt, $0.id) }.prefix(5)
        #expect(first.map(\.id) == newest.map(\.id))
        let since = now - 7 * 86_400
        let reports = try await world.store.read { [now] in
            try $0.sessionReports.resourceReports(idleSince: since, now: now, limit: 10)
        }
        #expect(reports.count == 2 && reports.reduce(0) { $0 + $1.live } == counts.sessions)
        for report in reports {
            let here = live.filter { $0.resourceID == report.resource }
            #expect(report.live == Int64(here.count) && report.oldest == here.map(\.createdAt).min())
            #expect(
                report.people == Int64(Set(here.map(\.userID)).count) && report.lastEnd == here.map(\.expiresAt).max())
            #expect(report.idle == Int64(here.filter { $0.lastUsedAt <= since }.count) && report.idle > 0)
        }
        let plan = try await plan(world, SessionReports.resourceReport, [1, 1, 1])
        #expect(plan.contains("SEARCH sessions USING INDEX sessions_by_resource_state (resource_id=? AND state=?)"))
        #expect(!plan.contains { $0.hasPrefix("SCAN") }, "\(plan)")
    }

    @Test func `a session counts as never used until a refresh or an introspection after the redemption of its code`()
        async throws
    {
        let world = try await World()
        func report() async throws -> ResourceReport? {
            try await world.store.read { [start] in
                try $0.sessionReports.resourceReports(owner: "Ops", idleSince: start - 1, now: start + 100, limit: 9)
                    .first
            }
        }
        let sessions = try [world.session(), world.session(), world.session()]
        try await world.approved(sessions[0])
        #expect(try await report()?.neverUsed == 0)
        #expect(try await report()?.live == 1)
        for session in sessions[1...] { _ = try await world.active(session) }
        #expect(try await report()?.neverUsed == 2)
        try await world.store.write { [start] in try $0.sessions.touch(sessions: [(sessions[1].id, start + 60)]) }
        _ = try await world.turn(sessions[2].id, 1, at: start)
        #expect(try await report()?.neverUsed == 0)
        #expect(try await report()?.live == 3)
        let others = try await world.store.read { [start] in
            try $0.sessionReports.resourceReports(owner: "Others", idleSince: start, now: start, limit: 9)
        }
        #expect(others.isEmpty)
    }
}

extension SessionListTests {
    /// 300 sessions of two people, of two kinds of clients, at two MCP servers, of all ages and fates, some of them over by the
    /// clock alone.
    private func crowd() async throws -> (World, [Session]) {
        let world = try await World()
        let other = try World.resource("https://mail.example/mcp")
        let bob = User(name: "Bob", createdAt: start)
        try await world.store.write { tx in _ = try (tx.resources.insert(other), tx.users.insert(bob)) }
        let url = try ClientID("https://app.example/client.json")
        var random = SteadyNumbers()
        for index in 0..<300 {
            let session = try world.session(
                lasting: [86_400, 30 * 86_400, 60 * 86_400][random.next(3)],
                idle: [3_600, 86_400, 14 * 86_400][random.next(3)],
                from: start + Int64(random.next(400)) * 4_320, client: random.next(2) == 0 ? url : nil,
                host: nil, resource: random.next(3) == 0 ? other.id : nil)
            let used = session.createdAt + Int64(random.next(20)) * 86_000
            let (state, isBobs) = (random.next(10), index % 5 == 0)
            let code = try world.code(of: session)
            try await world.store.write { tx in
                try tx.sessions.approve(session, code: code)
                guard state > 0 else { return }
                _ = try (
                    tx.codes.spend(code.digest, now: session.createdAt),
                    tx.sessions.activate(session.id, now: session.createdAt)
                )
                try tx.sessions.touch(sessions: [(session.id, used)])
                if state == 1 { _ = try tx.sessions.end(session.id, .byAdmin(at: session.createdAt + 1)) }
                if state == 2 { try tx.sessions.close(session.id, .expiry(at: session.createdAt + 1)) }
                if isBobs {
                    try tx.execute("UPDATE sessions SET user_id = ?2 WHERE id = ?1", session.id.string, bob.id.string)
                }
                if session.clientID == url {
                    try tx.execute("UPDATE sessions SET client_host = 'app.example' WHERE id = ?1", session.id.string)
                }
            }
        }
        let all = try await world.store.read { tx in
            try tx.all("SELECT \(Session.columns) FROM sessions ORDER BY rowid") { try Session($0) }
        }
        return (world, all)
    }

    private func pages(_ world: World, _ filter: SessionFilter) async throws -> [Session] {
        var seen: [Session] = []
        var cursor: SessionCursor?
        while true {
            let page = try await world.store.read { [cursor, now] in
                try $0.sessions.list(filter, after: cursor, limit: 7, now: now)
            }
            guard let last = page.last else { return seen }
            seen += page
            cursor = SessionCursor(after: last, in: filter)
        }
    }
}

@Suite("The hour of a session's last use")
struct UsedHourTests {
    private let start = World.start

    private func hour(_ world: World, _ id: SessionID) async throws -> Int64? {
        try await world.store.read { tx in
            try tx.first("SELECT used_hour FROM sessions WHERE id = ?1", id.string) { try $0.integer(0) }
        }
    }

    @Test func `every use of a session moves the hour, and nothing else does`() async throws {
        let world = try await World()
        let session = try world.session()
        let code = try await world.approved(session)
        let first = start.seconds / 3_600
        #expect(try await hour(world, session.id) == first)
        try await world.store.write { [start] tx in
            _ = try (
                tx.codes.spend(code.digest, now: start + 3_600), tx.sessions.activate(session.id, now: start + 3_600)
            )
        }
        #expect(try await hour(world, session.id) == first + 1)
        _ = try await world.turn(session.id, 1, at: start + 2 * 3_600)
        #expect(try await hour(world, session.id) == first + 2)
        _ = try await world.turn(session.id, 1, at: start + 2 * 3_600 + 60, grace: 120)
        #expect(try await hour(world, session.id) == first + 2)
        try await world.store.write { [start] in try $0.sessions.touch(sessions: [(session.id, start + 5 * 3_600)]) }
        #expect(try await hour(world, session.id) == first + 5)
    }

    @Test func `a refresh in the same hour writes to no index`() async throws {
        let world = try await World()
        let written = try await world.store.read { tx in
            try tx.all(
                """
                EXPLAIN UPDATE sessions SET generation = ?3, turn_4 = turn_3, turn_3 = turn_2, turn_2 = turn_1, turn_1 = ?4,
                    last_used_at = max(last_used_at, ?4)
                WHERE id = ?1 AND generation = ?2 AND state = 'active'
                """, 1, 1, 1, 1
            ) { (try $0.integer(0), try $0.text(1)) }
        }
        // The trigger's own program stands behind the statement's and counts from 0 again.
        let own = written.indices.dropFirst().first { written[$0].0 == 0 } ?? written.endIndex
        #expect(own < written.endIndex && written[..<own].contains { $0.1 == "Insert" })
        #expect(!written[..<own].contains { ["IdxInsert", "IdxDelete"].contains($0.1) })
        #expect(written[own...].contains { $0.1 == "IdxInsert" })
    }

    @Test func `a migrated database has the hours of its live sessions`() async throws {
        let folder = try TemporaryFolder()
        let queue = try DatabaseQueue(path: folder.database)
        try Schema.migrator().migrate(queue, upTo: "0009 jobs")
        try await queue.writeWithoutTransaction { db in
            try db.execute(
                sql: """
                    INSERT INTO users (id, subject, name, name_key, password_hash, created_at)
                    VALUES ('u', 's', 'Ana', 'ana', '', 1);
                    INSERT INTO resources (id, identifier, comparable, name, owner, secret_digest, created_at)
                    VALUES ('r', 'https://a.example', 'https://a.example', 'A', 'Ops', zeroblob(32), 1);
                    INSERT INTO sessions (id, user_id, client_id, client_name, resource_id, scope, redirect_uri, binding,
                        state, created_at, expires_at, idle_seconds, last_used_at, auth_time, generation, refresh_key)
                    VALUES ('one', 'u', 'desk', 'Desk', 'r', 'a', 'https://a.example', zeroblob(32), 'active', 1,
                        9000000, 9000000, 7200, 1, 1, 'k')
                    """)
        }
        try Schema.migrator().migrate(queue)
        let hour = try await queue.read { try Int64.fetchOne($0, sql: "SELECT used_hour FROM sessions") }
        #expect(hour == 2)
        try queue.close()
    }
}

extension SessionFilter {
    /// The rule that lists of a filter have to follow, for one session.
    fileprivate func holds(_ session: Session, at now: Timestamp) -> Bool {
        let standing = session.state(at: now)
        if !ids.isEmpty, !ids.contains(session.id) { return false }
        if let user, user != session.userID { return false }
        if let client, client != session.clientID { return false }
        if let host, host != session.clientHost { return false }
        if let resource, resource != session.resourceID { return false }
        if let state, state != standing { return false }
        guard let idleSince else { return true }
        return session.lastUsedAt <= idleSince && [.approved, .active].contains(standing)
    }
}

/// Numbers that look random and are the same in each run.
private struct SteadyNumbers {
    private var state: UInt64 = 7

    mutating func next(_ limit: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int((state >> 33) % UInt64(limit))
    }
}
