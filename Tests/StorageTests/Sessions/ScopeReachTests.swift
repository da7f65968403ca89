import JOSE
import OAuth
import TestSupport
import Testing

@testable import Storage

@Suite("Stored scopes", .onEachStore)
struct ScopeReachTests {
    private func scope(
        _ name: String, implies: String = "", tools: [String] = [], fresh: Int64? = nil
    ) throws -> ResourceScope {
        ResourceScope(
            scope: try Scope(name), description: "To \(name)", implies: try ScopeSet(parsing: implies),
            tools: try tools.map { try ToolName($0) }, freshSeconds: fresh)
    }

    @Test func `scopes read back as they were written, in their order, and change only at the named MCP server`()
        async throws
    {
        let world = try await World()
        let scopes = [
            try scope("write", implies: "read list", tools: ["put", "delete"], fresh: 300), try scope("read"),
            try scope("list", tools: ["ls"]),
        ]
        let resources = try ["https://a.example/mcp", "https://b.example/mcp"].map {
            Resource(
                identifier: try ResourceIdentifier($0), name: "A", owner: "B", scopes: scopes,
                secretDigest: .sha256("s"), createdAt: World.start)
        }
        let changed = [try scope("write", implies: "read", tools: ["put"]), scopes[1], try scope("list", fresh: 60)]
        try await world.store.write { tx in
            for resource in resources { #expect(try tx.resources.insert(resource)) }
            try tx.resources.setReach(changed + [scope("nonsense", tools: ["x"])], of: resources[0].id)
        }
        let (first, second) = try await world.store.read { tx in
            (try tx.resources.find(id: resources[0].id), try tx.resources.find(id: resources[1].id))
        }
        #expect(first?.scopes == changed && second?.scopes == scopes)
        let ids = [resources[0].id, resources[1].id, world.resource.id]
        let rules = try await world.store.read { tx in try ids.map { try tx.resources.implications(of: $0) } }
        let write = try ScopeSet(parsing: "write")
        #expect(rules.map { $0.closure(of: write).string } == ["write read", "write read list", "write"])
    }

    @Test func `a maximum age of 0 seconds cannot be stored`() async throws {
        let world = try await World()
        for seconds in [0, -1] {
            let wrong = [try scope("files:read", fresh: Int64(seconds))]
            await #expect(throws: StoreError.self) {
                try await world.store.write { try $0.resources.setReach(wrong, of: world.resource.id) }
            }
        }
    }
}
