import JOSE
import TestSupport
import Testing

/// The newest official Python SDK, its own OAuth client and its own transport, against real processes.
@Suite("MCP authorization: the official Python SDK as a registered client")
struct SDKClientTests {
    @Test(arguments: SDKClient.Era.allCases)
    func `a public client lists the tools and calls one, in both eras of the protocol`(era: SDKClient.Era) async throws
    {
        try await Scene.play { scene in
            let client = try SDKClient(on: scene.stage)
            let registered = try await scene.gatehouse.addClient()
            let version = try await client.connect(to: scene.server, as: .registered(registered), era: era)
            #expect(version == era.version)
            #expect(try await Set(client.tools()).isSuperset(of: ["server_time", "list_files", "write_file"]))
            #expect(try await client.call("list_files") != nil)
            let holding = try await client.holding()
            #expect(holding.scope.contains("files:read"))
            #expect(!holding.scope.contains("files:write"), "an on-request scope is not given unasked")
            #expect(holding.refreshToken?.hasPrefix("gate_r_") == true)
            let sessions = try await scene.sessions("--state", "active")
            #expect(sessions.map { $0["client_id"]?.string } == [holding.clientID])
            #expect(sessions.first?["resource"]?.string == scene.server)
        }
    }

    @Test(arguments: ["client_secret_basic", "client_secret_post"])
    func `a confidential client authenticates with its secret`(authentication: String) async throws {
        try await Scene.play { scene in
            let client = try SDKClient(on: scene.stage)
            let registered = try await scene.gatehouse.addClient(authentication: authentication)
            #expect(registered["client_secret"]?.string?.hasPrefix("gate_s_") == true)
            try await client.connect(to: scene.server, as: .registered(registered, authentication: authentication))
            #expect(try await client.call("list_files") != nil)
            try await client.expireAccessToken()
            #expect(try await client.call("list_files") != nil)
            #expect(try await client.holding().turns == 2)
        }
    }

    @Test func `a confidential client with a wrong secret gets no token`() async throws {
        try await Scene.play { scene in
            let client = try SDKClient(on: scene.stage)
            var registered = try await scene.gatehouse.addClient(authentication: "client_secret_post")
            registered["client_secret"] = "gate_s_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
            await #expect {
                try await client.connect(
                    to: scene.server, as: .registered(registered, authentication: "client_secret_post"))
            } throws: { "\($0)".contains("invalid_client") }
            #expect(try await scene.sessions("--state", "active").isEmpty)
        }
    }

    @Test func `an expired access token is refreshed within the session without the user`() async throws {
        try await Scene.play { scene in
            let client = try SDKClient(on: scene.stage)
            try await client.connect(to: scene.server, as: .registered(scene.gatehouse.addClient()))
            let before = try await client.holding()
            try await client.expireAccessToken()
            #expect(try await client.call("list_files") != nil)
            let after = try await client.holding()
            #expect(after.turns == before.turns + 1)
            #expect(after.accessToken != before.accessToken)
            #expect(after.refreshToken != before.refreshToken)
            #expect(after.asked.count == 1)
            #expect(try await scene.sessions().count == 1)
        }
    }

    @Test func `a tool that needs more steps up: the user approves again and the narrower session is replaced`()
        async throws
    {
        try await Scene.play { scene in
            let client = try SDKClient(on: scene.stage)
            try await client.connect(to: scene.server, as: .registered(scene.gatehouse.addClient()))
            let file: JSONObject = ["name": "plan.txt", "text": "ship it"]
            #expect(try await client.call("write_file", file) != nil)
            let holding = try await client.holding()
            #expect(holding.scope.isSuperset(of: ["files:read", "files:write"]))
            #expect(holding.asked.count == 2)
            #expect(try await client.call("list_files")?.contains("plan.txt") == true)
            let live = try await scene.sessions("--state", "active")
            #expect(live.map { $0["scope"]?.string } == ["files:read files:write"])
            #expect(try await scene.sessions("--state", "ended").count == 1)
        }
    }

    @Test func `a user who declines returns access_denied and leaves no session`() async throws {
        try await Scene.play { scene in
            let client = try SDKClient(on: scene.stage)
            let registered = try await scene.gatehouse.addClient()
            await #expect {
                try await client.connect(
                    to: scene.server, as: .registered(registered), person: ["decision": "deny"])
            } throws: { "\($0)".contains("access_denied") }
            #expect(try await scene.sessions().isEmpty)
        }
    }

    @Test func `a client without a document and without a registration registers itself`() async throws {
        try await Scene.play { scene in
            let client = try SDKClient(on: scene.stage)
            try await client.connect(to: scene.server, as: .unknown)
            #expect(try await client.call("list_files") != nil)
            let sessions = try await scene.sessions("--state", "active")
            #expect(sessions.count == 1)
            let id = sessions.first?["client_id"]?.string ?? ""
            #expect(id.hasPrefix("dyn_") || id.hasPrefix("dyc_"), "\(id)")
        }
    }
}
