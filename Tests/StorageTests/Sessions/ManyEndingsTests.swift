import JOSE
import OAuth
import StorageSupport
import Synchronization
import TestSupport
import Testing

@testable import Storage

@Suite("Ending many sessions in steps", .onEachStore)
struct ManyEndingsTests {
    private let now = World.start + 10

    private func world(_ count: Int) async throws -> World {
        let world = try await World()
        let sessions = try (0..<count).map { _ in try world.session() }
        try await world.store.write { tx in
            try tx.resources.recordPoll(by: world.resource.id, now: now)
            for session in sessions {
                let code = try world.code(of: session)
                try tx.sessions.approve(session, code: code)
                _ = (
                    try tx.codes.spend(code.digest, now: World.start),
                    try tx.sessions.activate(session.id, now: World.start)
                )
            }
        }
        return world
    }

    private func live(_ world: World) async throws -> Int {
        try await world.store.read { [now] in
            try $0.sessions.list(SessionFilter(state: .active), limit: 10_000, now: now).count
        }
    }

    private func records(_ world: World) async throws -> [AuditEntry] {
        try await world.store.read { try $0.audit.tail(limit: 10_000) }.map(\.entry)
    }

    @Test func `an ending by filter ends and lists the sessions that match, and leaves no step`() async throws {
        let world = try await world(600)
        let ended = try await world.store.endSessions(SessionFilter(user: world.user.id), .byAdmin(at: now))
        #expect(ended.count == 600 && ended.sessions.count == 600 && ended.sessions.allSatisfy { $0.state == .ended })
        let (events, endings) = try await world.store.read { (try $0.count("events"), try $0.count("endings")) }
        #expect(events == 600 && endings == 0)
        #expect(Set(try await records(world).map(\.session)).count == 600)
        #expect(try await world.store.endSessions(SessionFilter(), .byAdmin(at: now)).count == 0)
    }

    @Test func `an ending that a crash interrupted is finished under the same actor, without sessions approved since`()
        async throws
    {
        let world = try await world(600)
        let filter = SessionFilter(user: world.user.id, client: world.client.id, resource: world.resource.id)
        let ending = SessionEnding(
            reason: .userDisabled, initiator: .admin, actor: .admin(uid: 7, claimed: "eve"), explanation: "left",
            at: now)
        // The first step alone: the process dies behind it.
        let begun = try await world.store.write { try $0.sessions.end(filter, ending) }
        #expect(begun.count == 250)
        #expect(try await live(world) == 350)
        let since = try await world.active(world.session())
        #expect(try await world.store.finishEndings(now: now + 60) == 350)
        let sessions = try await world.store.read { [now] in
            try $0.sessions.list(SessionFilter(state: .ended), limit: 1000, now: now)
        }
        #expect(sessions.count == 600 && sessions.allSatisfy { $0.endReason == .userDisabled && $0.endedBy == .admin })
        #expect(Set(sessions.map(\.endedAt)) == [now, now + 60])
        #expect(try await world.grant(since.id)?.state == .active)
        let records = try await records(world)
        #expect(records.count == 600 && Set(records.map(\.session)).count == 600)
        #expect(records.allSatisfy { $0.actor == .admin(uid: 7, claimed: "eve") && $0.explanation == "left" })
        #expect(try await world.store.read { try $0.count("endings") } == 0)
        #expect(try await world.store.finishEndings(now: now + 120) == 0)
    }

    @Test func `an ending of more ids than a JSON object may have members works, also across a crash`() async throws {
        let world = try await world(1_200)
        let ids = try await world.store.read { [now] in
            try $0.sessions.list(SessionFilter(state: .active), limit: 2_000, now: now).map(\.id)
        }
        let begun = try await world.store.write { [now] in
            try $0.sessions.end(SessionFilter(ids: ids), .byAdmin(at: now))
        }
        #expect(ids.count == 1_200 && begun.count == 250)
        #expect(try await world.store.finishEndings(now: now + 60) == 950)
        #expect(try await live(world) == 0)
    }

    @Test func `an ending that fails does not stop the others`() async throws {
        let world = try await world(600)
        try await world.store.write { [now] in
            _ = try $0.sessions.end(SessionFilter(user: world.user.id), .byAdmin(at: now))
            try $0.execute(
                "INSERT INTO endings SELECT 'a', '{\"x\":1}', reason, initiator, actor, admin_uid, admin_claimed, "
                    + "explanation, last_row, after_created_at, after_id, started_at - 1 FROM endings")
        }
        await #expect(throws: (any Error).self) { try await world.store.finishEndings(now: now + 60) }
        #expect(try await live(world) == 0)
        #expect(try await world.store.read { try $0.count("endings") } == 1)
    }

    @Test func `the sessions of excluded hosts end, across steps and a crash, and no others`() async throws {
        let world = try await World()
        let other = try World.resource("https://other.example/mcp")
        let hosts = [nil, "app.example", "big.example", "desk.example", "small.example"]
        let sessions = try (0..<2_000).map {
            try world.session(host: hosts[$0 % 5], resource: $0 < 1_500 ? world.resource.id : other.id)
        }
        try await world.store.write { tx in
            _ = try tx.resources.insert(other)
            for session in sessions { try tx.sessions.approve(session, code: world.code(of: session)) }
            try tx.resources.set(
                ResourcePolicy(sessions: SessionPolicy(clientHosts: ["app.example"])), of: world.resource.id)
        }
        let begun = try await world.store.write { [now] in
            try $0.sessions.endExcluded(at: world.resource.id, .byAdmin(at: now, .hostExcluded))
        }
        #expect(begun.count == 250)
        // The process dies here; what is left of one host, and both of the others, is written down.
        #expect(try await world.store.finishEndings(now: now + 60) == 650)
        let kept = try await world.store.read { [now] in
            try $0.sessions.list(SessionFilter(state: .approved), limit: 10_000, now: now)
        }
        #expect(kept.count == 1_100 && kept.count { $0.resourceID == other.id } == 500)
        let there = kept.filter { $0.resourceID == world.resource.id }
        #expect(Set(there.map(\.clientHost)) == [nil, "app.example"])
        #expect(try await records(world).allSatisfy { $0.reason == "client_host_excluded" })
        #expect(try await world.store.read { try $0.count("endings") } == 0)
        // Where no policy names hosts, nobody is excluded.
        let none = try await world.store.write { [now] in try $0.sessions.endExcluded(at: other.id, .byAdmin(at: now)) }
        #expect(none.count == 0)
    }

    @Test func `the sessions that a withdrawn scope leaves with nothing end, across steps and a crash, and no others`()
        async throws
    {
        let world = try await world(600)
        let scopes = world.resource.scopes.map(\.scope)
        let (only, other) = (scopes[0], try Scope("files:else"))
        try await world.store.write { tx in
            try tx.resources.add([ResourceScope(scope: other, description: "Else")], to: world.resource.id)
            let ids = try tx.all("SELECT id FROM sessions ORDER BY id LIMIT 100") { try $0.text(0) }
            for id in ids {
                try tx.execute("UPDATE sessions SET scope = scope || ' files:else' WHERE id = ?1", id)
            }
        }
        let gone = ScopeSet(scopes)
        let filter = SessionFilter(resource: world.resource.id, scopes: .every(of: gone))
        let begun = try await world.store.write { [now] in
            try $0.resourceEdits.withdraw(gone, from: world.resource.id, now: now)
            return try $0.sessions.end(filter, .byAdmin(at: now, .scopesWithdrawn))
        }
        #expect(begun.count == 250)
        #expect(try await world.store.finishEndings(now: now + 60) == 250)
        let kept = try await world.store.read { [now] in
            try $0.sessions.list(SessionFilter(state: .active), limit: 1_000, now: now)
        }
        #expect(kept.count == 100 && kept.allSatisfy { $0.scope == [other] }, "\(only) is gone")
    }

    @Test func `an ending under way is not claimed a second time`() async throws {
        let world = try await world(600)
        let ending = SessionEnding.byAdmin(at: now)
        let begun = try await world.store.write { try $0.sessions.end(SessionFilter(), ending) }
        let id = try #require(try await world.store.read { try $0.first("SELECT id FROM endings") { try $0.text(0) } })
        #expect(world.store.memory.endingsUnderWay.claim(id))
        #expect(try await world.store.finishEndings(now: now) == 0)
        #expect(try await live(world) == 350)
        world.store.memory.endingsUnderWay.release([id])
        async let ended = world.store.endRest(of: begun)
        async let finished = world.store.finishEndings(now: now)
        let (named, elsewhere) = try await (ended.count, finished)
        #expect(named + elsewhere == 600)
        #expect(try await records(world).count == 600)
    }

    @Test(arguments: [#"{"user":"nobody"}"#, #"{"resource":7}"#, #"{"ids":[]}"#, #"{"of":"x"}"#])
    func `a stored filter that does not parse ends no session`(text: String) async throws {
        let world = try await world(300)
        let filter = SessionFilter(user: world.user.id)
        _ = try await world.store.write { [now] in try $0.sessions.end(filter, .byAdmin(at: now)) }
        _ = try await world.store.write { try $0.execute("UPDATE endings SET filter = ?1", text) }
        await #expect(throws: StoreError.self) { try await world.store.finishEndings(now: now) }
        #expect(try await live(world) == 50)
    }

    @Test func `a step scans the index of its filter and skips ended sessions`() async throws {
        let world = try await World()
        let filters = [
            "user_id": SessionFilter(user: world.user.id), "client_id": SessionFilter(client: world.client.id),
            "resource_id": SessionFilter(resource: world.resource.id), "client_host": SessionFilter(host: "a.example"),
            "state": SessionFilter(),
        ]
        for (column, filter) in filters {
            let cursor = SessionCursor(position: 1, id: .random())
            for walk in Sessions.liveScans(filter, after: cursor, upTo: 2, limit: 9) {
                let plan = try await plan(walk, world)
                #expect(plan.count == 1 && plan[0].contains("USING INDEX") && plan[0].contains("\(column)=?"))
                #expect(plan[0].contains("state=? AND (created_at,id)>(?,?)"), "\(plan)")
            }
        }
        let named = Sessions.liveScans(SessionFilter(ids: [.random()]), after: nil, upTo: 2, limit: 9)
        let plan = try await plan(try #require(named.first), world)
        #expect(plan.contains("SEARCH sessions USING INDEX sqlite_autoindex_sessions_1 (id=?)"), "\(plan)")
    }

    private func plan(_ walk: SessionScan, _ world: World) async throws -> [String] {
        try await world.store.plan(of: walk.sql, values: walk.values.count)
    }
}
