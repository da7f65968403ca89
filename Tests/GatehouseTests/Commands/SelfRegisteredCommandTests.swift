import JOSE
import OAuth
import Storage
import TestSupport
import Testing

@Suite("Commands about clients that registered themselves")
struct SelfRegisteredCommandTests {
    /// A database with a session of a client that registered itself, beside those of the other clients.
    private static func play(_ test: (SessionWorld, ClientID) async throws -> Void) async throws {
        try await SessionWorld.play { world in
            let id = try ClientID.ofPublicClient(.sha256("metadata"))
            try await world.gatehouse.withStore { store in
                try await store.write { tx in
                    _ = try tx.dynamicClients.register(client(id))
                    let user = User(name: "eve", createdAt: SessionWorld.now)
                    try tx.users.insert(user)
                    let server = try #require(
                        try tx.resources.find(comparable: ResourceIdentifier(SessionWorld.resource).comparable))
                    try world.approve(try world.session(of: user, id, at: server), in: tx)
                }
            }
            try await test(world, id)
        }
    }

    private static func client(_ id: ClientID) throws -> DynamicClient {
        let metadata: JSONObject = [
            "client_name": "Claude", "redirect_uris": ["https://claude.ai/api/mcp/auth_callback"],
            "token_endpoint_auth_method": "none", "version": 1,
        ]
        return DynamicClient(
            id: id, metadata: metadata.bytes, network: "198.51.100.0/24", registeredAt: SessionWorld.now)
    }

    @Test func `the list and show name the origin, the redirects, the registration, the approval and the sessions`()
        async throws
    {
        try await Self.play { world, id in
            let rows = try await world.gatehouse("clients", "list", "--json").json().array?.compactMap(\.object) ?? []
            #expect(rows.map { $0["kind"]?.string } == ["registered", "self-registered"])
            let row = try #require(try await world.gatehouse("clients", "show", id.string, "--json").json().object)
            #expect(row["kind"] == "self-registered" && row["name"] == "Claude" && row["host"] == .null)
            #expect(row["redirect_uris"] == ["https://claude.ai/api/mcp/auth_callback"])
            #expect(row["last_registered_at"]?.string == SessionWorld.now.rfc3339)
            #expect(row["approved_at"]?.string == SessionWorld.now.rfc3339)
            #expect(row["network"] == "198.51.100.0/24" && row["live_sessions"] == 1)
            let table = try await world.gatehouse("clients", "list")
            #expect(table.output.contains("self-registered"))
            let page = try await world.gatehouse("clients", "list", "--json", "--after", id.string)
            #expect(try page.json() == [], "the id is a place in the list")
        }
    }

    @Test func `a removed client has no sessions left, and the command says that it can come back`() async throws {
        try await Self.play { world, id in
            let removed = try await world.gatehouse("clients", "remove", id.string, "--yes", "--json")
            #expect(
                removed.status == 0 && removed.errors.contains("clients block '\(id)'")
                    || removed.errors.contains("clients block \(id)"))
            #expect(try removed.json().object?["sessions_ended"] == 1)
            #expect(try await !world.live().contains("eve"))
            #expect(try await world.gatehouse("clients", "show", id.string).status == 1)
            #expect(try await world.gatehouse("clients", "remove", id.string, "--yes").status == 1)
        }
    }

    @Test func `a block revokes its sessions and outlives the registration`() async throws {
        try await Self.play { world, id in
            let blocked = try await world.gatehouse("clients", "block", id.string, "--yes", "--json")
            #expect(blocked.status == 0 && blocked.errors.isEmpty)
            #expect(try await !world.live().contains("eve"))
            #expect(try await world.gatehouse("clients", "remove", id.string, "--yes").status == 0)
            try await world.gatehouse.withStore { store in
                try await store.write { _ = try $0.dynamicClients.register(Self.client(id)) }
            }
            let row = try await world.gatehouse("clients", "show", id.string, "--json").json().object
            #expect(row?["rule"] == "block" && row?["kind"] == "self-registered")
            let rows = try await world.gatehouse("clients", "list", "--json").json().array?.compactMap(\.object) ?? []
            #expect(rows.filter { $0["client_id"]?.string == id.string }.count == 1, "the rule has no row of its own")
        }
    }

    @Test func `a client that is not registered yet can be blocked, and no other id of that form`() async throws {
        try await SessionWorld.play { world in
            let id = try ClientID.ofPublicClient(.sha256("to come"))
            let blocked = try await world.gatehouse("clients", "block", id.string)
            #expect(blocked.status == 0 && blocked.errors.contains("once it registers itself"))
            #expect(try await world.rules() == [id.string: "block"])
            #expect(try await world.gatehouse("clients", "block", "dyn_short").status == 1)
        }
    }
}
