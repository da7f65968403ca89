import Foundation
import JOSE
import TestSupport
import Testing

/// The text of `docs/delegating.md` is run as it stands there.
@Suite("Delegating: the Python server of the documentation")
struct DelegatingTests {
    @Test(arguments: SDKClient.Era.allCases)
    func `the server of the page validates tokens of Gatehouse`(era: SDKClient.Era) async throws {
        try await Scene.play { scene in
            let page = try await serve(in: scene)
            let client = try SDKClient(on: scene.stage)
            try await client.connect(to: page.server, as: .registered(scene.gatehouse.addClient()), era: era)
            let holding = try await client.holding()
            let answer = try await client.call("who_am_i") ?? ""
            #expect(answer.hasPrefix("sub_"))
            #expect(answer.hasSuffix(holding.clientID ?? "-"))
            #expect(holding.scope == ["notes:read"])
        }
    }

    @Test func `the server of the page refuses a token for another server, and one of an ended session`() async throws {
        try await Scene.play { scene in
            let page = try await serve(in: scene)
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

    /// Runs the first Python block of the page.
    private func serve(in scene: Scene) async throws -> (server: String, port: Int) {
        let text = try Workspace.text("docs/delegating.md")
        guard let start = text.range(of: "```python\n"),
            let end = text[start.upperBound...].range(of: "\n```")
        else { throw StageFailure("docs/delegating.md has no Python block") }
        let program = try scene.stage.write(String(text[start.upperBound..<end.lowerBound]), to: "notes.py")
        let port = try await LoopbackPort.free()
        let server = "http://127.0.0.1:\(port)/mcp"
        let credentials = try await scene.gatehouse.addResource(
            server, name: "Notes", scopes: ["notes:read=Read your notes"])
        let process = try scene.stage.start(
            Workspace.python(), [program],
            environment: [
                "GATEHOUSE": scene.gatehouse.issuer, "RESOURCE": server, "PORT": "\(port)",
                "CLIENT_ID": credentials.id, "CLIENT_SECRET": credentials.secret,
            ], log: "notes")
        try await scene.stage.waitUntilReady("the server of docs/delegating.md", process) {
            try await LoopbackHTTP(port: port).get("/.well-known/oauth-protected-resource/mcp")
        }
        return (server, port)
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
