import Foundation
import JOSE
import TestSupport
import Testing

/// How an MCP server in Python proves itself and verifies tokens, each way against a real Gatehouse.
@Suite("gatehouse-mcp: local verification, events, and a key instead of a secret")
struct PythonVerificationTests {
    /// A user's session at the server.
    private struct Held {
        let id: String
        let call: CallRounds
    }

    private func session(at page: PythonServer, in scene: Scene, _ gatehouse: RunningGatehouse) async throws -> Held {
        let client = try SDKClient(on: scene.stage)
        try await client.connect(to: page.server, as: .registered(gatehouse.addClient()))
        let holding = try await client.holding()
        let sessions = try await gatehouse.json(["sessions", "list", "--state", "active"]).array?.compactMap(\.object)
        let own = sessions?.first { $0["client_id"]?.string == holding.clientID }
        guard let id = own?["id"]?.string else { throw StageFailure("no session: \(sessions ?? [])") }
        return Held(id: id, call: CallRounds(token: holding.accessToken, tool: "who_am_i"))
    }

    /// Revokes sessions, of which the server hears by itself: it asks about no token, and refuses those of ended sessions.
    private func expectNews(at page: PythonServer, of scene: Scene, _ gatehouse: RunningGatehouse) async throws {
        let (first, second) = (
            try await session(at: page, in: scene, gatehouse), try await session(at: page, in: scene, gatehouse)
        )
        try await revoke(first, gatehouse, scene)
        await eventually {
            let before = try await gatehouse.introspections()
            let status = try await second.call.send(to: page.port).status
            let after = try await gatehouse.introspections()
            return status == 200 && after == before
        }
        let asked = try await gatehouse.introspections()
        for _ in 0..<3 {
            #expect(try await second.call.send(to: page.port).text?.hasPrefix("sub_") == true)
            #expect(try await first.call.send(to: page.port).status == 401)
        }
        try await revoke(second, gatehouse, scene)
        #expect(try await second.call.send(to: page.port).status == 401)
        #expect(try await gatehouse.introspections() == asked, "the server knows by itself")
    }

    private func revoke(_ held: Held, _ gatehouse: RunningGatehouse, _ scene: Scene) async throws {
        _ = try await gatehouse.json(["sessions", "revoke", held.id, "--yes"])
        await eventually { try scene.stage.log("notes").contains("heard session-revoked \(held.id)") }
    }

    @Test func `by poll: tokens are verified without a request, and those of ended sessions refused`() async throws {
        try await Scene.play { scene in
            let page = try await PythonServer.start(
                Workspace.script("notes_server.py"), environment: ["VERIFY": "local", "AGED": "1"], in: scene)
            try await expectNews(at: page, of: scene, scene.gatehouse)
        }
    }

    @Test func `by push: tokens are verified without a request, and those of ended sessions refused`() async throws {
        try await Scene.play { scene in
            let page = try await PythonServer.start(
                Workspace.script("notes_server.py"),
                environment: ["VERIFY": "local", "EVENTS": "/events", "AGED": "1"], in: scene)
            let endpoint = "http://127.0.0.1:\(page.port)/events"
            try await scene.gatehouse.push(to: endpoint, of: page.server)
            let gatehouse = try await VerifyingScene.aged(
                scene.gatehouse, page.credentials.id, endpoint, in: scene.stage)
            try await expectNews(at: page, of: scene, gatehouse)
        }
    }

    @Test(arguments: [["VERIFY": "local"], ["VERIFY": "local", "EVENTS": "/events"]])
    func `a server that has just begun to listen asks about every token, and refuses all while Gatehouse is away`(
        environment: [String: String]
    ) async throws {
        try await Scene.play { scene in
            let page = try await PythonServer.start(
                Workspace.script("notes_server.py"), environment: environment, in: scene)
            let held = try await session(at: page, in: scene, scene.gatehouse)
            let asked = try await scene.gatehouse.introspections()
            #expect(try await held.call.send(to: page.port).status == 200)
            #expect(try await scene.gatehouse.introspections() > asked)
            scene.gatehouse.process.kill()
            _ = try await scene.gatehouse.process.end()
            #expect(try await held.call.send(to: page.port).status == 503)
            let again = try await scene.gatehouse.restarted()
            #expect(try await held.call.send(to: page.port).status == 200)
            _ = try await again.json(["sessions", "revoke", "--all", "--yes"])
            #expect(try await held.call.send(to: page.port).status == 401)
        }
    }

    @Test(arguments: SDKClient.Era.allCases)
    func `a server with a key asks for an approval, and one with another key does not start`(
        era: SDKClient.Era
    ) async throws {
        try await Scene.play { scene in
            let port = try await LoopbackPort.free()
            let server = "http://127.0.0.1:\(port)/mcp"
            let (own, other) = (try key("own", in: scene), try key("other", in: scene))
            let added = try await scene.gatehouse.object([
                "resources", "add", server, "--name", "Notes", "--owner", "Grace Hopper", "--scope",
                "notes:read=Read your notes", "--jwks", try await publicHalf(of: own, in: scene),
            ])
            #expect(added["client_secret"] == nil)
            let credentials = Scene.Credentials(id: added["client_id"]?.string ?? "", secret: "")
            let program = try scene.stage.write(DocumentedServer.program("README.md"), to: "notes.py")
            let refused = try scene.stage.start(
                Workspace.python(), [program],
                environment: [
                    "PYTHONPATH": "\(Workspace.root)/Sources/Python", "GATEHOUSE_ISSUER": scene.gatehouse.issuer,
                    "GATEHOUSE_RESOURCE": server, "GATEHOUSE_CLIENT_ID": credentials.id, "GATEHOUSE_KEY_FILE": other,
                ], log: "refused")
            #expect(try await refused.end() != 0)
            #expect(try scene.stage.log("refused").contains("with this key"))
            let page = try await PythonServer.start(
                program, as: server, with: credentials, environment: ["GATEHOUSE_KEY_FILE": own], at: port, in: scene)
            let client = try SDKClient(on: scene.stage)
            try await client.connect(
                to: page.server, as: .registered(scene.gatehouse.addClient()), era: era, opens: .approve)
            #expect(try await client.call("delete_note", ["name": "plan"]) == "Deleted plan.")
            let log = try scene.stage.log("notes")
            #expect(!log.contains("PRIVATE KEY") && !log.contains("eyJ"))
        }
    }

    /// A private key, as `docs/python.md` and `docs/delegating.md` make one.
    private func key(_ name: String, in scene: Scene) throws -> String {
        try scene.stage.write(String(decoding: SigningKey.generate().pem(), as: UTF8.self), to: "\(name).pem")
    }

    /// The JWK set that the program of `docs/python.md` prints for a key.
    private func publicHalf(of key: String, in scene: Scene) async throws -> String {
        guard let block = try DocumentedServer.blocks(of: "docs/python.md").first(where: { $0.contains("load_pem") })
        else { throw StageFailure("docs/python.md prints no public half") }
        let program = try scene.stage.write(block, to: "show.py")
        #expect(try await scene.stage.start(Workspace.python(), [program, key], log: "jwks").end() == 0)
        return scene.stage.path("jwks.log")
    }
}
