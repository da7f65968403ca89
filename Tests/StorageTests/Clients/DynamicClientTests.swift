import JOSE
import OAuth
import TestSupport
import Testing

@testable import Storage

@Suite("Clients that registered themselves", .onEachStore)
struct DynamicClientTests {
    private static let hour: Int64 = 3_600

    private static let minute: Int64 = 60

    private static func client(
        _ name: String, from network: String = "a", site: String? = nil, at time: Timestamp = World.start,
        isInvited: Bool = false
    ) throws -> DynamicClient {
        DynamicClient(
            id: isInvited ? try .ofOneRegistrant() : try .ofPublicClient(.sha256(name)),
            metadata: Array("{\"client_name\":\"\(name)\"}".utf8), isInvited: isInvited, network: network, site: site,
            registeredAt: time)
    }

    @discardableResult
    private func register(
        _ world: World, _ client: DynamicClient, within limits: DynamicClients.Limits = .init()
    ) async throws -> (client: DynamicClient, isNew: Bool) {
        switch try await world.store.write({ try $0.dynamicClients.register(client, within: limits) }) {
        case .new(let client): return (client, true)
        case .known(let client): return (client, false)
        case .full(let wait): throw Full(wait: wait)
        }
    }

    @discardableResult
    private func register(
        _ world: World, _ name: String, from network: String = "a", at time: Timestamp = World.start,
        within limits: DynamicClients.Limits = .init()
    ) async throws -> (client: DynamicClient, isNew: Bool) {
        try await register(world, Self.client(name, from: network, at: time), within: limits)
    }

    private struct Full: Error {
        let wait: Int64
    }

    /// Registers, and returns the seconds to wait where there is no room; nil for a registration.
    private func wait(
        _ world: World, _ client: DynamicClient, within limits: DynamicClients.Limits
    ) async throws -> Int64? {
        do {
            try await register(world, client, within: limits)
            return nil
        } catch let full as Full {
            return full.wait
        }
    }

    private func names(_ world: World) async throws -> Set<String> {
        Set(
            try await world.store.read { try $0.dynamicClients.list() }.map {
                String(decoding: $0.metadata.dropFirst(16).dropLast(2), as: UTF8.self)
            })
    }

    /// The counts that the triggers keep are those of the rows.
    private func expectTrueCounts(_ world: World) async throws {
        let (kept, counted) = try await world.store.read { tx in
            func pairs(_ sql: String) throws -> [String: Int64] {
                Dictionary(uniqueKeysWithValues: try tx.all(sql) { (try $0.text(0), try $0.integer(1)) })
            }
            let rows = "FROM dynamic_clients WHERE used_at IS NULL AND is_invited = 0"
            return (
                try pairs("SELECT kind || ' ' || name, unused FROM registration_counts"),
                try pairs(
                    """
                    SELECT 'network ' || network, count(*) \(rows) GROUP BY network
                    UNION ALL SELECT 'site ' || site, count(*) \(rows) GROUP BY site
                    UNION ALL SELECT 'all ', count(*) \(rows) HAVING count(*) > 0
                    """)
            )
        }
        #expect(kept == counted)
    }

    @Test func `the same client twice is one row, which is written again after a minute only`() async throws {
        let world = try await World()
        let start = World.start
        #expect(try await register(world, "desk").isNew)
        let times: [(Int64, Int64)] = [
            (30, 0), (Self.minute - 1, 0), (Self.minute, Self.minute), (Self.minute + 1, Self.minute),
            (20, Self.minute),
        ]
        for (later, noted) in times {
            let (client, isNew) = try await register(world, "desk", from: "b", at: start + later)
            #expect(!isNew && client.registeredAt == start && client.network == "a")
            #expect(client.lastRegisteredAt == start + noted, "\(later)")
        }
        #expect(try await names(world) == ["desk"])
        #expect(try Self.client("x").isCurrent(at: start + Self.minute - 1))
        #expect(try !Self.client("x").isCurrent(at: start + Self.minute))
        try await expectTrueCounts(world)
    }

    @Test func `a flood from one network displaces its own oldest clients only`() async throws {
        let world = try await World()
        try await register(world, "victim", from: "v")
        for number in 0..<230 { try await register(world, "f\(number)", at: World.start + 10 * Int64(number)) }
        let names = try await names(world)
        #expect(names.count == 201 && names.contains("victim"))
        #expect(names.contains("f229") && names.contains("f30") && !names.contains("f29"))
        try await expectTrueCounts(world)
    }

    @Test func `a client that registered within the last quarter of an hour never gives way`() async throws {
        let world = try await World()
        let limits = DynamicClients.Limits(total: 3, perNetwork: 2)
        let start = World.start
        for number in 0..<2 { try await register(world, "f\(number)", at: start + Int64(number), within: limits) }
        #expect(try await wait(world, Self.client("late", at: start + 100), within: limits) == 800)
        #expect(try await wait(world, Self.client("late", at: start + 899), within: limits) == 1)
        let early = try await wait(world, Self.client("late", at: start - 3_600), within: limits)
        #expect(early == 900, "a clock that was set back makes nobody wait for longer")
        #expect(try await names(world) == ["f0", "f1"])
        // Registering again, from wherever, keeps a client for as long once more.
        try await register(world, "f0", from: "other", at: start + 899)
        #expect(try await wait(world, Self.client("late", at: start + 901), within: limits) == nil)
        #expect(try await names(world) == ["f0", "late"])
        try await register(world, "b", from: "b", at: start + 902, within: limits)
        #expect(try await wait(world, Self.client("c", from: "c", at: start + 903), within: limits) == 896)
        #expect(try await names(world) == ["f0", "late", "b"], "where all is full and fresh, nobody gives way")
        try await expectTrueCounts(world)
    }

    @Test func `one site with many networks displaces its own clients only`() async throws {
        let world = try await World()
        let limits = DynamicClients.Limits(total: 8, perNetwork: 2, perSite: 4)
        try await register(world, "victim", from: "v", within: limits)
        for number in 0..<10 {
            let client = try Self.client(
                "f\(number)", from: "net\(number)", site: "s", at: World.start + 1_000 * Int64(number + 1))
            try await register(world, client, within: limits)
        }
        #expect(try await names(world) == ["victim", "f6", "f7", "f8", "f9"])
        try await expectTrueCounts(world)
    }

    @Test func `where all is full, the site with the most clients loses its oldest`() async throws {
        let world = try await World()
        let limits = DynamicClients.Limits(total: 6, perNetwork: 4)
        for number in 0..<4 {
            try await register(world, "a\(number)", at: World.start + Int64(number), within: limits)
        }
        try await register(world, "b0", from: "b", at: World.start - 10, within: limits)
        try await register(world, "c0", from: "c", within: limits)
        try await register(world, "d0", from: "d", at: World.start + 1_000, within: limits)
        #expect(try await names(world) == ["a1", "a2", "a3", "b0", "c0", "d0"])
        try await expectTrueCounts(world)
    }

    @Test func `where every site has one client, the oldest of all gives way`() async throws {
        let world = try await World()
        for number in 0..<5 {
            try await register(
                world, "n\(number)", from: "net\(number)", at: World.start + (number < 4 ? Int64(10 - number) : 2_000),
                within: .init(total: 4, perNetwork: 2))
        }
        #expect(try await names(world) == ["n0", "n1", "n2", "n4"], "n3 was the oldest")
        try await expectTrueCounts(world)
    }

    @Test func `a client with an initial access token gives way to nobody and stays for 90 days`() async throws {
        let world = try await World()
        let limits = DynamicClients.Limits(total: 2, perNetwork: 1)
        for number in 0..<3 {
            try await register(world, Self.client("i\(number)", isInvited: true), within: limits)
        }
        for number in 0..<3 {
            try await register(world, "f\(number)", at: World.start + 1_000 * Int64(number), within: limits)
        }
        #expect(try await names(world) == ["i0", "i1", "i2", "f2"])
        try await expectTrueCounts(world)
        let day: Int64 = 86_400
        for (age, left) in [(10 * day, 3), (90 * day - 1, 3), (90 * day, 0)] as [(Int64, Int)] {
            _ = try await world.store.write { try $0.housekeep(now: World.start + age, limit: 100) }
            #expect(try await names(world).count == left, "\(age)")
        }
    }

    @Test func `an approved client gives way to nobody and is not counted`() async throws {
        let world = try await World()
        let used = try await register(world, "used").client
        _ = try await world.active(world.session(client: used.id))
        let limits = DynamicClients.Limits(total: 3, perNetwork: 2)
        for number in 0..<8 {
            try await register(world, "f\(number)", at: World.start + 1_000 * Int64(number), within: limits)
        }
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

    @Test func `the record of a first approval has the network of a client that belongs to its registrant alone`()
        async throws
    {
        let world = try await World()
        let shared = try await register(world, "shared").client
        let owned = DynamicClient(
            id: try .ofOneRegistrant(), metadata: Array("{}".utf8), registrationTokenDigest: .sha256("token"),
            network: "b", registeredAt: World.start)
        try await register(world, owned)
        for client in [shared, owned] { _ = try await world.active(world.session(client: client.id)) }
        let records = try await world.store.read { try $0.audit.tail(limit: 100) }
            .filter { $0.entry.action == .clientRegistered }
        #expect(records.first { $0.entry.client == shared.id }?.entry.address == nil, "many programs share the client")
        #expect(records.first { $0.entry.client == owned.id }?.entry.address == "b")
    }

    @Test func `a client stays approved while one of its sessions is left`() async throws {
        let world = try await World()
        let day: Int64 = 86_400
        let client = try await register(world, "desk").client
        _ = try await world.active(world.session(lasting: day, client: client.id))
        _ = try await world.active(world.session(lasting: 300 * day, idle: 300 * day, client: client.id))
        for age in [day, 91 * day, 95 * day] {
            _ = try await world.store.write { try $0.housekeep(now: World.start + age, limit: 100) }
        }
        #expect(try await world.store.read { try $0.dynamicClients.find(client.id) }?.usedAt == World.start)
        try await expectTrueCounts(world)
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
            DynamicClients.outdated: 2, DynamicClients.outdatedInvited: 2, DynamicClients.oldestOfNetwork: 1,
            DynamicClients.oldestOfSite: 1, DynamicClients.oldest: 0, DynamicClients.largestSite: 0,
            DynamicClients.release: 1,
        ]
        for (step, count) in steps {
            let plan = try await world.store.read { tx in
                try tx.all("EXPLAIN QUERY PLAN " + step, Array(repeating: 1, count: count)) { try $0.text(3) }
            }
            // The scan for the oldest of all is along the index of their ages and ends at its first entry.
            #expect(
                plan.allSatisfy { !$0.hasPrefix("SCAN") || $0.contains("INDEX unused_dynamic_clients_by_age") },
                "\(step): \(plan)")
            #expect(!plan.contains { $0.contains("TEMP B-TREE") }, "\(step): \(plan)")
        }
    }
}
