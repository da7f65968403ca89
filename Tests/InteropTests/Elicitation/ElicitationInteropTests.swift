import JOSE
import TestSupport
import Testing

/// The official SDK as client, with its own elicitation callback, against real processes.
@Suite("MCP elicitation: the official Python SDK in both eras")
struct ElicitationInteropTests {
    /// Where a call of the scene goes, and what it deletes.
    enum Server: String, CaseIterable, Sendable {
        /// `example-mcp-server`, which uses the library.
        case example
        /// The Python server of `docs/elicitation.md`, which uses HTTP alone.
        case documented

        var tool: String { self == .example ? "delete_file" : "delete_note" }
        var arguments: JSONObject { ["name": self == .example ? "welcome.txt" : "plan"] }
        var success: String { self == .example ? "Deleted welcome.txt." : "Deleted plan." }

        func address(in scene: Scene) async throws -> String {
            switch self {
            case .example: scene.server
            case .documented: try await DocumentedServer.serve("docs/elicitation.md", in: scene).server
            }
        }
    }

    private func connect(
        _ server: Server, _ era: SDKClient.Era, _ opens: SDKClient.Opening?, in scene: Scene
    ) async throws -> SDKClient {
        let client = try SDKClient(on: scene.stage)
        let version = try await client.connect(
            to: server.address(in: scene), as: .registered(scene.gatehouse.addClient()), era: era, opens: opens)
        #expect(version == era.version)
        return client
    }

    @Test(arguments: Server.allCases, SDKClient.Era.allCases)
    func `the user approves on the page and the call continues`(
        server: Server, era: SDKClient.Era
    ) async throws {
        try await Scene.play { scene in
            let client = try await connect(server, era, .approve, in: scene)
            let outcome = try await client.outcome(server.tool, server.arguments)
            #expect(outcome.text == server.success && !outcome.failed)
            let links = try await client.holding().links
            #expect(links.count == 1 && links.first?["status"] == 200)
            #expect(links.first?["url"]?.string?.hasPrefix(scene.gatehouse.issuer + "/e/") == true)
            #expect((links.first?["id"]?.string != nil) == (era == .handshake))
        }
    }

    @Test(arguments: Server.allCases, SDKClient.Era.allCases)
    func `the user declines on the page and the call fails, although the client accepted`(
        server: Server, era: SDKClient.Era
    ) async throws {
        try await Scene.play { scene in
            let client = try await connect(server, era, .decline, in: scene)
            #expect(try await client.outcome(server.tool, server.arguments).failed)
            #expect(try await client.holding().links.count == 1)
        }
    }

    @Test(arguments: SDKClient.Era.allCases)
    func `RFC 8935 the event is pushed to the server's endpoint and the held call continues`(
        era: SDKClient.Era
    ) async throws {
        try await Scene.play(news: .pushed) { scene in
            let client = try await connect(.example, era, .approveWhileHeld, in: scene)
            let (clock, begun) = (ContinuousClock(), ContinuousClock.now)
            let outcome = try await client.outcome("delete_file", Server.example.arguments)
            #expect(outcome.text == Server.example.success && !outcome.failed)
            // Without the event nothing is looked at again before the 25 seconds of the hold are over.
            #expect(clock.now - begun < .seconds(20))
            // Its answer may be written down a moment after the call came back.
            var events: [JSONObject] = []
            for _ in 0..<100 where events.first?["state"] != "delivered" {
                // Widening its scopes ended the client's first session, of which an event of its own tells.
                events =
                    try await scene.gatehouse.json(["events", "list"]).array?.compactMap(\.object)
                    .filter { $0["type"]?.string?.hasPrefix("elicitation-") == true } ?? []
            }
            #expect(events.count == 1)
            #expect(events.first?["type"] == "elicitation-completed")
            #expect(events.first?["state"] == "delivered")
        }
    }

    @Test(arguments: SDKClient.Era.allCases)
    func `a client that does not open the link ends the call`(era: SDKClient.Era) async throws {
        try await Scene.play { scene in
            let client = try await connect(.example, era, .never, in: scene)
            #expect(try await client.outcome("delete_file", Server.example.arguments).failed)
        }
    }

    @Test func `a client that opens no links gets the error of its protocol version`() async throws {
        try await Scene.play { scene in
            let modern = try await connect(.example, .modern, nil, in: scene)
            await #expect {
                try await modern.outcome("delete_file", Server.example.arguments)
            } throws: { "\($0)".contains("opens links") }
            let handshake = try await connect(.example, .handshake, nil, in: scene)
            #expect(try await handshake.outcome("delete_file", Server.example.arguments).failed)
        }
    }

    @Test func `another account sees a neutral page, and the right user can still approve`() async throws {
        try await Scene.play { scene in
            _ = try await scene.gatehouse.object(
                ["users", "add", "mallory", "--password-stdin"], input: Scene.password + "\n")
            let client = try await connect(.example, .modern, .wrongPersonFirst, in: scene)
            let outcome = try await client.outcome("delete_file", Server.example.arguments)
            #expect(outcome.text == Server.example.success)
            let link = try #require(try await client.holding().links.first)
            let stranger = try #require(link["stranger"]?.object)
            #expect(stranger["status"] == 403)
            #expect(stranger["page"]?.string?.contains("welcome.txt") == false)
            #expect(link["status"] == 200)
        }
    }

    @Test func `RFC 8785 the vector of the page is what both sides compute`() throws {
        let text = try Workspace.text("docs/elicitation.md")
        let form = try #require(text.firstMatch(of: /the canonical form is\n\n```json\n(.*)\n```/))
        let canonical = String(form.1)
        let action = try JSONObject(parsing: Array(canonical.utf8))
        let bytes = try action.canonical()
        #expect(bytes == Array(canonical.utf8))
        #expect(text.contains("```\n\(Digest.sha256(bytes).base64URL)\n```"))
    }
}
