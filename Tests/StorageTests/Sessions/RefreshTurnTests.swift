import OAuth
import StorageSupport
import TestSupport
import Testing

@testable import Storage

@Suite("Refresh generations", .onEachStore)
struct RefreshTurnTests {
    private let start = World.start

    @Test func `a hundred parallel refreshes of one token make one generation, which all answers carry`()
        async throws
    {
        let world = try await World()
        let session = try await world.active(world.session())
        let verdicts = try await withThrowingTaskGroup(of: TurnVerdict.self) { group in
            for _ in 0..<100 { group.addTask { try await world.turn(session.id, 1, at: start + 10) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(verdicts.count { $0 == .turned(2) } == 1)
        #expect(verdicts.count { $0 == .repeated(2) } == 99)
        #expect(try await world.grant(session.id)?.generation == 2)
    }

    @Test func `two turns in one second do not make the first token valid again`() async throws {
        let world = try await World()
        let session = try await world.active(world.session())
        #expect(try await world.turn(session.id, 1, at: start, grace: 0) == .turned(2))
        #expect(try await world.turn(session.id, 2, at: start, grace: 0) == .turned(3))
        #expect(try await world.turn(session.id, 1, at: start, grace: 0) == .reused)
        #expect(try await world.turn(session.id, 2, at: start - 50, grace: 0) == .reused)
    }

    @Test func `the current generation survives a restart`() async throws {
        let world = try await World()
        let session = try await world.active(world.session())
        #expect(try await world.turn(session.id, 1, at: start) == .turned(2))
        try world.store.close()
        let again = try world.reopened()
        let verdict = try await again.write { tx in
            try tx.sessions.grant(session.id).map {
                try tx.sessions.turn($0, presented: 1, now: start + 121, grace: 120)
            }
        }
        #expect(verdict == .reused)
    }

    @Test func `a superseded token is valid only within its own grace period, and only four generations back`()
        async throws
    {
        let world = try await World()
        let session = try await world.active(world.session())
        for generation: UInt32 in 1...5 {
            #expect(
                try await world.turn(session.id, generation, at: start + Int64(generation)) == .turned(generation + 1))
        }
        // Generation 2 was superseded at start + 2: the fourth back, and within 120 seconds.
        #expect(try await world.turn(session.id, 2, at: start + 121) == .repeated(6))
        #expect(try await world.turn(session.id, 2, at: start + 122) == .reused)
        #expect(try await world.turn(session.id, 1, at: start + 6) == .reused)
        #expect(try await world.turn(session.id, 7, at: start + 6) == .reused)
        #expect(try await world.grant(session.id)?.generation == 6)
    }

    @Test func `a clock that is set back does not extend the grace period of a token`() async throws {
        for back: Int64 in [1, 60, 3_600] {
            let world = try await World()
            let session = try await world.active(world.session())
            #expect(try await world.turn(session.id, 1, at: start + 3_600) == .turned(2))
            #expect(try await world.turn(session.id, 1, at: start + 3_600) == .repeated(2))
            #expect(try await world.turn(session.id, 1, at: start + 3_600 - back) == .reused)
            #expect(
                try await world.turn(session.id, 2, at: start + 3_600 - back) == .turned(3), "the current one is good")
        }
    }

    @Test func `a repeated answer records the use and changes neither generation nor turn times`() async throws {
        let world = try await World()
        let session = try await world.active(world.session())
        _ = try await world.turn(session.id, 1, at: start + 1)
        let before = try await world.grant(session.id)
        #expect(try await world.turn(session.id, 1, at: start + 50) == .repeated(2))
        let after = try await world.grant(session.id)
        #expect(after?.turns == before?.turns)
        #expect(after?.lastUsedAt == start + 50)
    }

    @Test func `the last generation has no successor`() {
        #expect(RefreshRule.verdict(presented: .max, current: .max, turns: [], now: start, grace: 120) == .reused)
        #expect(RefreshRule.verdict(presented: 1, current: 0, turns: [], now: start, grace: 120) == .reused)
    }

    @Test func `the generation of an ended session does not turn`() async throws {
        let world = try await World()
        let session = try await world.active(world.session())
        let stale = try #require(try await world.grant(session.id))
        _ = try await world.store.write { try $0.sessions.end(session.id, .byAdmin(at: start)) }
        await #expect(throws: StoreError.self) {
            try await world.store.write { try $0.sessions.turn(stale, presented: 1, now: start, grace: 120) }
        }
    }

    @Test func `a turn is one search each in three tables and one update`() async throws {
        let world = try await World()
        let plan = try await world.store.read { tx in
            try tx.all(
                "EXPLAIN QUERY PLAN UPDATE sessions SET generation = 2, turn_1 = 1, last_used_at = 1 WHERE id = ?1", "x"
            ) { try $0.text(3) }
        }
        #expect(plan == ["SEARCH sessions USING INDEX sqlite_autoindex_sessions_1 (id=?)"])
    }
}
