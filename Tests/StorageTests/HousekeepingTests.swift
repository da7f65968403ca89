import Foundation
import JOSE
import OAuth
import StorageSupport
import TestSupport
import Testing

@testable import Storage

@Suite("Housekeeping", .onEachStore)
struct HousekeepingTests {
    private let start = World.start

    private func tidy(_ world: World, at now: Timestamp, limit: Int = 100) async throws -> Int {
        try await world.store.write { try $0.housekeep(now: now, limit: limit) }
    }

    @Test func `sessions expire at their end, in steps, and keep the time of the expiry`() async throws {
        let world = try await World()
        for _ in 0..<5 { _ = try await world.active(world.session(lasting: 100)) }
        #expect(try await tidy(world, at: start + 99) == 0)
        var steps: [Int] = []
        repeat { steps.append(try await tidy(world, at: start + 100, limit: 2)) } while steps.last != 0
        #expect(steps == [2, 2, 1, 0])
        let sessions = try await world.store.read { try $0.sessions.list(now: start) }
        #expect(sessions.allSatisfy { $0.state == .expired && $0.endedAt == start + 100 && $0.endReason == .expired })
    }

    @Test func `an unredeemed approval expires with its code, also after wrong verifiers`()
        async throws
    {
        let world = try await World()
        let forgotten = try world.session()
        let burnt = try world.session()
        try await world.approved(forgotten)
        let code = try await world.approved(burnt)
        for _ in 0..<3 { try await world.store.write { _ = try $0.codes.countFailure(code.digest, now: start) } }
        let redeemed = try await world.active(world.session())
        #expect(try await tidy(world, at: start + 59) == 0)
        #expect(try await tidy(world, at: start + 60) == 2)
        #expect(try await world.grant(forgotten.id)?.state == .expired)
        #expect(try await world.grant(burnt.id)?.state == .expired)
        #expect(try await world.grant(redeemed.id)?.state == .active)
    }

    @Test func `idle sessions are found among any number of others`() async throws {
        let world = try await World()
        for _ in 0..<25 { _ = try await world.active(world.session()) }
        let idle = try await world.active(world.session(idle: 10))
        #expect(try await tidy(world, at: start + 9, limit: 1) == 0)
        #expect(try await tidy(world, at: start + 10, limit: 1) == 1)
        #expect(try await world.grant(idle.id)?.state == .expired)
    }

    @Test func `expired requests and old documents are deleted, and audit records are not`() async throws {
        let world = try await World()
        let login = BrowserLogin(
            id: .random(), digest: .sha256("c"), userID: world.user.id, binding: .sha256("b"),
            authentication: .password(at: start),
            createdAt: start, lastSeenAt: start, expiresAt: start + 43_200)
        let waiting = Interaction(
            userID: world.user.id, browserLoginID: login.id, request: "{}", createdAt: start, expiresAt: start + 600)
        let document = try CachedDocument(
            clientID: ClientID("https://h.example/c.json"), bytes: [1], digest: .sha256([1]), fetchedAt: start,
            expiresAt: start, lastGoodAt: start)
        try await world.store.write { tx in
            try tx.logins.insert(login)
            try tx.interactions.open(waiting)
            try tx.documents.store(document)
            try tx.audit.append(
                AuditEntry(.personSignedIn, at: start, actor: .person(world.user.id), initiator: .human))
        }
        #expect(try await tidy(world, at: start + 43_199) == 0)
        #expect(try await tidy(world, at: start + 43_200) == 1)
        #expect(try await world.store.read { try $0.interactions.find(waiting.id) } == nil)
        #expect(try await tidy(world, at: start + 91 * 86_400) == 2)
        #expect(try await world.store.read { try !$0.isKnownBrowser(login.binding, of: world.user.id) })
        #expect(try await world.store.read { try $0.audit.verify() }.records == 1)
    }

    @Test func `a session is deleted ninety days after its end, in steps, and its record stays`() async throws {
        let world = try await World()
        let over = try await [
            world.active(world.session()), world.active(world.session()), world.active(world.session()),
        ]
        let live = try await world.active(world.session(lasting: 200 * 86_400, idle: 200 * 86_400))
        try await world.store.write { tx in
            for (index, session) in over.enumerated() {
                _ = try tx.sessions.end(session.id, .byAdmin(at: start + Int64(index), .revokedByPerson))
            }
        }
        let end = start + 90 * 86_400
        #expect(try await tidy(world, at: end - 1) == 0)
        #expect(try await tidy(world, at: end + 1, limit: 1) == 1)
        #expect(try await world.grant(over[0].id) == nil)
        #expect(try await world.grant(over[1].id)?.state == .ended)
        #expect(try await tidy(world, at: end + 1, limit: 1) == 1)
        #expect(try await tidy(world, at: end + 1, limit: 1) == 0, "the third was over a second later")
        #expect(try await world.grant(over[2].id)?.state == .ended)
        #expect(try await tidy(world, at: end + 2) == 1)
        #expect(try await world.grant(live.id)?.state == .active)
        #expect(try await world.store.read { try $0.audit.verify() }.records == 3)
        #expect(try await world.store.check() == [])
    }

    @Test func `another retention counts for sessions, and the default does not`() async throws {
        let world = try await World()
        let session = try await world.active(world.session())
        try await world.store.write { _ = try $0.sessions.end(session.id, .byAdmin(at: start, .revokedByPerson)) }
        var retention = Retention()
        retention.sessions = 7 * 86_400
        let (short, end) = (retention, start + 7 * 86_400)
        #expect(try await tidy(world, at: end) == 0)
        #expect(try await world.store.write { try $0.housekeep(now: end - 1, limit: 9, keeping: short) } == 0)
        #expect(try await world.store.write { try $0.housekeep(now: end, limit: 9, keeping: short) } == 1)
        #expect(try await world.grant(session.id) == nil)
    }

    @Test func `deleted rows are neither in the files nor in a backup`() async throws {
        let world = try await World()
        let canary = "canary-" + String(repeating: "c0ffee", count: 20)
        let login = BrowserLogin(
            id: .random(), digest: .sha256("c"), userID: world.user.id, binding: .sha256("b"),
            authentication: .password(at: start),
            createdAt: start, lastSeenAt: start, expiresAt: start + 43_200)
        let document = try CachedDocument(
            clientID: ClientID("https://h.example/c.json"), bytes: Array(canary.utf8), digest: .sha256("d"),
            fetchedAt: start, expiresAt: start, lastGoodAt: start)
        let session = try world.session(redirect: "https://desk.example/" + canary)
        try await world.approved(session)
        try await world.store.write { tx in
            try tx.logins.insert(login)
            for _ in 0..<20 {
                try tx.interactions.open(
                    Interaction(
                        userID: world.user.id, browserLoginID: login.id, request: canary, createdAt: start,
                        expiresAt: start + 600))
            }
            try tx.documents.store(document)
        }
        #expect(try Self.holds(canary, in: world.folder.path), "the search finds what is there")
        for days in [1, 91] as [Int64] {
            while try await tidy(world, at: start + days * 86_400 + 60) > 0 {}
        }
        let backup = try await world.store.backup(into: world.folder.path)
        let copy = try Data(contentsOf: URL(fileURLWithPath: backup))
        #expect(copy.range(of: Data(canary.utf8)) == nil)
        try world.store.close()
        #expect(try !Self.holds(canary, in: world.folder.path))
    }

    private static func holds(_ text: String, in folder: String) throws -> Bool {
        try FileManager.default.contentsOfDirectory(atPath: folder).contains { name in
            try Data(contentsOf: URL(fileURLWithPath: folder + "/" + name)).range(of: Data(text.utf8)) != nil
        }
    }

    @Test func `every step uses an index`() async throws {
        let world = try await World()
        let steps = [
            Transaction.expiredByEnd, Transaction.endedLongAgo,
            "SELECT session_id FROM codes WHERE (spent_at IS NULL OR failures = 3) AND expires_at <= ?1 ORDER BY expires_at",
            "SELECT id FROM interactions WHERE expires_at <= ?1 ORDER BY expires_at",
            "SELECT user_id FROM known_browsers WHERE last_seen_at <= ?1 ORDER BY last_seen_at",
        ]
        for step in steps {
            let plan = try await world.store.read { tx in
                try tx.all("EXPLAIN QUERY PLAN " + step, step.contains("?2") ? [1, 1] : [1]) { try $0.text(3) }
            }
            #expect(plan.count == 1 && plan[0].hasPrefix("SEARCH"), "\(step): \(plan)")
        }
    }
}
