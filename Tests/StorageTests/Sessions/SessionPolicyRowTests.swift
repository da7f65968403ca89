import GRDB
import JOSE
import OAuth
import StorageSupport
import Synchronization
import TestSupport
import Testing

@testable import Storage

@Suite("Stored session policies")
struct SessionPolicyRowTests {
    private let full = ResourcePolicy(
        sessions: SessionPolicy(
            longest: 28_800, idle: 86_400, choices: [1_800, 3_600], tokenLife: 300,
            clientHosts: ["app.example", "desk.example"]))

    @Test func `a policy reads back as it was set, and is empty before`() async throws {
        let world = try await World()
        let id = world.resource.id
        #expect(try await world.store.read { try $0.resources.policy(of: id) }.sessions == SessionPolicy())
        try await world.store.write { [full] in try $0.resources.set(full, of: id) }
        #expect(try await world.store.read { try $0.resources.policy(of: id) } == full)
        try await world.store.write { try $0.resources.set(ResourcePolicy(), of: id) }
        #expect(try await world.store.read { try $0.resources.policy(of: id) } == ResourcePolicy())
    }

    @Test(arguments: [
        SessionPolicy(longest: 59), SessionPolicy(longest: 31_536_001), SessionPolicy(idle: 0),
        SessionPolicy(idle: 31_536_001), SessionPolicy(tokenLife: 59), SessionPolicy(tokenLife: 3_601),
        SessionPolicy(choices: [-1]), SessionPolicy(clientHosts: ["App.example"]),
    ])
    func `the database refuses values that no policy can have`(sessions: SessionPolicy) async throws {
        let world = try await World()
        let id = world.resource.id
        await #expect(throws: StoreError.self) {
            try await world.store.write { try $0.resources.set(ResourcePolicy(sessions: sessions), of: id) }
        }
        #expect(try await world.store.read { try $0.resources.policy(of: id) } == ResourcePolicy())
    }

    @Test func `one statement reads a session with the policy that issuing needs`() async throws {
        let world = try await World()
        let session = try await world.active(world.session(host: "other.example"))
        #expect(try await world.grant(session.id)?.tokenLife == nil)
        #expect(try await world.grant(session.id)?.hostIsExcluded == false)
        try await world.store.write { [full] in try $0.resources.set(full, of: world.resource.id) }
        let statements = Mutex<[String]>([])
        try await world.store.pool.writeWithoutTransaction { db in
            db.trace { event in statements.withLock { $0.append("\(event)") } }
        }
        let grant = try await world.store.write { try $0.sessions.grant(session.id) }
        try await world.store.pool.writeWithoutTransaction { $0.trace(options: []) }
        #expect(grant?.tokenLife == 300 && grant?.hostIsExcluded == true)
        let asked = statements.withLock { $0.filter { $0.contains("SELECT") } }
        #expect(asked.count == 1 && asked[0].contains("LEFT JOIN resource_policies"), "\(asked)")
    }

    @Test func `the live sessions of an MCP server are counted up to a limit`() async throws {
        let world = try await World()
        let other = try World.resource("https://other.example/mcp")
        try await world.store.write { _ = try $0.resources.insert(other) }
        for _ in 0..<4 { _ = try await world.active(world.session()) }
        _ = try await world.active(world.session(lasting: 5))
        _ = try await world.active(world.session(idle: 5))
        _ = try await world.active(world.session(resource: other.id))
        let ended = try await world.active(world.session())
        _ = try await world.store.write { try $0.sessions.end(ended.id, .byAdmin(at: World.start)) }
        func count(_ limit: Int) async throws -> Int {
            try await world.store.read {
                try $0.sessionReports.liveCount(at: world.resource.id, atMost: limit, now: World.start + 10)
            }
        }
        #expect(try await count(100) == 4)
        #expect(try await count(3) == 3)
    }
}
