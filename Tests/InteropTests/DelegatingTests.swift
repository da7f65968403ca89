import JOSE
import TestSupport
import Testing

/// The text of `docs/delegating.md` is run as it stands there.
@Suite("Delegating: the Python server of the documentation")
struct DelegatingTests {
    @Test(arguments: SDKClient.Era.allCases)
    func `the documented server validates tokens of Gatehouse`(era: SDKClient.Era) async throws {
        try await Scene.play { scene in
            let page = try await DocumentedServer.serve("docs/delegating.md", in: scene)
            let client = try SDKClient(on: scene.stage)
            try await client.connect(to: page.server, as: .registered(scene.gatehouse.addClient()), era: era)
            let holding = try await client.holding()
            let answer = try await client.call("who_am_i") ?? ""
            #expect(answer.hasPrefix("sub_"))
            #expect(answer.hasSuffix(holding.clientID ?? "-"))
            #expect(holding.scope == ["notes:read"])
        }
    }

    @Test func `the documented server refuses a token for another server and one of an ended session`() async throws {
        try await Scene.play { scene in
            let page = try await DocumentedServer.serve("docs/delegating.md", in: scene)
            let registered = try await scene.gatehouse.addClient()
            let (here, elsewhere) = (try SDKClient(on: scene.stage), try SDKClient(on: scene.stage))
            try await here.connect(to: page.server, as: .registered(registered))
            try await elsewhere.connect(to: scene.server, as: .registered(registered))
            let good = try await here.holding().accessToken
            #expect(try await call(page.port, with: good) == 200)
            #expect(try await call(page.port, with: elsewhere.holding().accessToken) == 401)
            _ = try await scene.gatehouse.json(["sessions", "revoke", "--all", "--yes"])
            #expect(try await call(page.port, with: good) == 401)
        }
    }

    /// The status of a stateless request with this token.
    private func call(_ port: Int, with token: String) async throws -> Int {
        let body = """
            {"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},\
            "clientInfo":{"name":"test","version":"1"}}}
            """
        return try await LoopbackHTTP(port: port).post(
            "/mcp", json: body,
            headers: [("Authorization", "Bearer \(token)"), ("Accept", "application/json, text/event-stream")]
        ).status
    }
}
