import JOSE
import OAuth
import TestSupport
import Testing

@testable import Storage

@Suite("Clients that registered themselves", .onEachStore)
struct DynamicClientTests {
    private static let hour: Int64 = 3_600

    private static func client(_ name: String, from network: String = "a", at time: Timestamp = World.start) throws
        -> DynamicClient
    {
        DynamicClient(
            id: try .ofPublicClient(.sha256(name)), metadata: Array("{\"client_name\":\"\(name)\"}".utf8),
            network: network, registeredAt: time)
    }

    @discardableResult
    private func register(
        _ world: World, _ name: String, from network: String = "a", at time: Timestamp = World.start,
        within limits: DynamicClients.Limits = .init()
    ) async throws -> (client: DynamicClient, isNew: Bool) {
        let client = try Self.client(name, from: network, at: time)
        return try await world.store.write { try $0.dynamicClients.register(client, within: limits) }
    }

    private func names(_ world: World) async throws -> Set<String> {
        Set(
            try await world.store.read { try $0.dynamicClients.list() }.map {
                String(decoding: $0.metadata.dropFirst(16).dropLast(2), as: UTF8.self)
            })
    }

    /// The counts that the triggers keep, and those of the rows.
    private func counts(_ world: World) async throws -> (kept: [String: Int64], counted: [String: Int64], total: Int) {
        try await world.store.read { tx in
            func pairs(_ sql: String) throws -> [String: Int64] {
                Dictionary(uniqueKeysWithValues: try tx.all(sql) { (try $0.text(0), try $0.integer(1)) })
            }
            return (
                try pairs("SELECT network, unused FROM registration_networks"),
                try pairs(
                    "SELECT network, count(*) FROM dynamic_clients WHERE used_at IS NULL GROUP BY network"),
                try tx.dynamicClients.unusedCount()
            )
        }
    }

    private func expectTrueCounts(_ world: World) async throws {
        let (kept, counted, total) = try await counts(world)
        #expect(kept == counted && total == Int(counted.values.reduce(0, +)))
    }

    @Test func `the same client twice is one row, which is written again after an hour only`() async throws {
        let world = try await World()
        let start = World.start
        #expect(try await register(world, "desk").isNew)
        for (later, noted) in [(60, 0), (Self.hour - 1, 0), (Self.hour, Self.hour), (Self.hour + 1, Self.hour)]
            as [(Int64, Int64)]
        {
            let (client, isNew) = try await register(world, "desk", from: "b", at: start + later)
            #expect(!isNew && client.registeredAt == start && client.network == "a")
            #expect(client.lastRegisteredAt == start + noted, "\(later)")
        }
        #expect(try await names(world) == ["desk"])
        #expect(try Self.client("x").isCurrent(at: start + Self.hour - 1))
        #expect(try !Self.client("x").isCurrent(at: start + Self.hour))
        try await expectTrueCounts(world)
    }

    @Test func `a flood from one network displaces its own oldest clients only`() async throws {
        let world = try await World()
        try await register(world, "victim", from: "v")
        for number in 0..<230 { try await register(world, "f\(number)", at: World.start + 1 + Int64(number)) }
        let names = try await names(world)
        #expect(names.count == 201 && names.contains("victim"))
        #expect(names.contains("f229") && names.contains("f30") && !names.contains("f29"))
        try await expectTrueCounts(world)
    }

    @Test func `where all is full, the network with the most clients loses its oldest`() async throws {
        let world = try await World()
        let limits = DynamicClients.Limits(total: 6, perNetwork: 4)
        for number in 0..<4 { try await register(world, "a\(number)", at: World.start + Int64(number), within: limits) }
        try await register(world, "b0", from: "b", at: World.start - 10, within: limits)
        try await register(world, "c0", from: "c", within: limits)
        try await register(world, "d0", from: "d", at: World.start + 9, within: limits)
        #expect(try await names(world) == ["a1", "a2", "a3", "b0", "c0", "d0"])
        try await expectTrueCounts(world)
    }

    @Test func `where every network has one client, the oldest of all gives way`() async throws {
        let world = try await World()
        for number in 0..<5 {
            try await register(
                world, "n\(number)", from: "net\(number)", at: World.start + Int64(10 - number),
                within: .init(total: 4, perNetwork: 2))
        }
        #expect(try await names(world) == ["n0", "n1", "n2", "n4"], "n3 was the oldest, and n4 is new")
        try await expectTrueCounts(world)
    }

    @Test func `an approved client gives way to nobody and is not counted`() async throws {
        let world = try await World()
        let used = try await register(world, "used").client
        _ = try await world.active(world.session(client: used.id))
        let limits = DynamicClients.Limits(total: 3, perNetwork: 2)
        for number in 0..<8 { try await register(world, "f\(number)", at: World.start + 1, within: limits) }
        #expect(try await names(world).contains("used"))
        #expect(try await names(world).count == 3)
        #expect(try await world.store.read { try $0.dynamicClients.unusedCount() } == 2)
        try await expectTrueCounts(world)
    }

    @Test func `the first approval of a client is noted and leaves one record`() async throws {
        let world = try await World()
        let client = try await register(world, "desk").client
        func records() async throws -> Int {
            try await world.store.read { try $0.audit.tail(limit: 100) }.count { $0.entry.action == .clientRegistered }
        }
        #expect(try await records() == 0, "a stranger's registration writes no record")
        for later in [60, 120] as [Int64] {
            _ = try await world.active(world.session(from: World.start + later, client: client.id))
            #expect(try await records() == 1)
        }
        let stored = try await world.store.read { try $0.dynamicClients.find(client.id) }
        #expect(stored?.usedAt == World.start + 60)
    }

    @Test func `a client that nobody approves is deleted 72 hours after its last registration`() async throws {
        let world = try await World()
        let start = World.start
        try await register(world, "once")
        try await register(world, "again")
        try await register(world, "again", at: start + 5 * Self.hour)
        let used = try await register(world, "used").client
        _ = try await world.active(world.session(lasting: 1_000_000, client: used.id))
        func tidy(_ now: Timestamp) async throws -> Set<String> {
            _ = try await world.store.write { try $0.housekeep(now: now, limit: 100) }
            return try await names(world)
        }
        #expect(try await tidy(start + 72 * Self.hour - 1) == ["once", "again", "used"])
        #expect(try await tidy(start + 72 * Self.hour) == ["again", "used"])
        #expect(try await tidy(start + 77 * Self.hour) == ["used"])
        try await expectTrueCounts(world)
    }

    @Test func `an approved client is deleted with the last of its sessions, 90 days after its end`() async throws {
        let world = try await World()
        let day: Int64 = 86_400
        let (gone, back) = (try await register(world, "gone").client, try await register(world, "back").client)
        for client in [gone, back, gone] { _ = try await world.active(world.session(lasting: day, client: client.id)) }
        func tidy(_ now: Timestamp) async throws -> Set<String> {
            for _ in 0..<3 { _ = try await world.store.write { try $0.housekeep(now: now, limit: 100) } }
            return try await names(world)
        }
        #expect(try await tidy(World.start + day) == ["gone", "back"])
        #expect(try await tidy(World.start + 91 * day - 1) == ["gone", "back"])
        try await register(world, "back", at: World.start + 90 * day)
        #expect(try await tidy(World.start + 91 * day) == ["back"], "it registered again lately")
        #expect(try await world.store.read { try $0.dynamicClients.find(back.id) }?.usedAt == nil)
        try await expectTrueCounts(world)
        #expect(try await tidy(World.start + 93 * day) == [])
        try await expectTrueCounts(world)
    }

    @Test func `the end of a client's row ends its sessions`() async throws {
        let world = try await World()
        let client = try await register(world, "desk").client
        let session = try await world.active(world.session(client: client.id))
        #expect(try await world.store.read { try $0.sessions.grant(session.id) }?.clientIsBlocked == false)
        let ending = SessionEnding(reason: .clientRemoved, initiator: .admin, actor: .system, at: World.start + 1)
        let ended = try await world.store.write { try $0.dynamicClients.remove(client: client.id, ending) }
        #expect(ended?.count == 1)
        #expect(try await world.store.read { try $0.sessions.grant(session.id) }?.clientIsBlocked == true)
        #expect(try await world.store.write { try $0.dynamicClients.remove(client: client.id, ending) } == nil)
        try await expectTrueCounts(world)
    }

    @Test func `a session of a client without a row may not be used`() async throws {
        let world = try await World()
        let session = try await world.active(world.session(client: .ofPublicClient(.sha256("never"))))
        #expect(try await world.store.read { try $0.sessions.grant(session.id) }?.clientIsBlocked == true)
    }

    @Test func `a policy on hosts excludes a client that registered itself`() async throws {
        let world = try await World()
        let client = try await register(world, "desk").client
        let session = try await world.active(world.session(client: client.id))
        let registered = try await world.active(world.session())
        func excluded(_ id: SessionID) async throws -> Bool? {
            try await world.store.read { try $0.sessions.grant(id) }?.hostIsExcluded
        }
        #expect(try await excluded(session.id) == false)
        try await world.store.write { tx in
            var policy = try tx.resources.policy(of: world.resource.id)
            policy.sessions.clientHosts = ["claude.ai"]
            try tx.resources.set(policy, of: world.resource.id)
        }
        #expect(try await excluded(session.id) == true)
        #expect(try await excluded(registered.id) == false)
        #expect(
            try await world.store.read { try $0.resources.closedToSelfRegisteredClients() } == [world.resource.id])
    }

    @Test func `the table stores no secret for an id that everybody can derive`() async throws {
        let world = try await World()
        let client = DynamicClient(
            id: try .ofPublicClient(.sha256("x")), metadata: [], secretDigest: .sha256("s"), network: "a",
            registeredAt: World.start)
        await #expect(throws: StoreError.self) {
            _ = try await world.store.write { try $0.dynamicClients.register(client) }
        }
    }

    @Test func `50 equal registrations at once are one row`() async throws {
        let world = try await World()
        let isNew = try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<50 { group.addTask { try await register(world, "desk").isNew } }
            return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(isNew == 1)
        #expect(try await names(world) == ["desk"])
        try await expectTrueCounts(world)
    }

    @Test func `every step uses an index, whatever the number of clients`() async throws {
        let world = try await World()
        let steps = [
            DynamicClients.outdated: 2, DynamicClients.excessOfNetwork: 3, DynamicClients.oldestOfLargest: 1,
            DynamicClients.release: 1,
        ]
        for (step, count) in steps {
            let plan = try await world.store.read { tx in
                try tx.all("EXPLAIN QUERY PLAN " + step, Array(repeating: 1, count: count)) { try $0.text(3) }
            }
            for line in plan where line.contains("dynamic_clients") || line.contains("registration_networks") {
                // The scan of the networks is along the index of their counts and ends at its first entry.
                let isIndexed =
                    line.hasPrefix("SEARCH") || line.contains("SCAN registration_networks USING COVERING INDEX")
                    || line.contains("USING INDEX unused_dynamic_clients_by_age")
                    || line.contains("USING COVERING INDEX unused_dynamic_clients_by_age")
                #expect(isIndexed, "\(step): \(plan)")
            }
            #expect(!plan.contains { $0.contains("TEMP B-TREE") }, "\(step): \(plan)")
        }
    }
}
