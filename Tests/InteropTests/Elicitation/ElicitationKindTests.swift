import JOSE
import TestSupport
import Testing

/// The tools of the example that ask for more than approval, called by the official SDK in both eras.
@Suite("MCP elicitation: secrets, accounts and payments with the official Python SDK")
struct ElicitationKindTests {
    private static let key = "canary-sk-4711"

    private func connect(
        to scene: Scene, _ era: SDKClient.Era, _ opens: SDKClient.Opening?, person: JSONObject = [:]
    ) async throws -> SDKClient {
        let client = try SDKClient(on: scene.stage)
        let version = try await client.connect(
            to: scene.server, as: .registered(scene.gatehouse.addClient()), era: era, person: person, opens: opens)
        #expect(version == era.version)
        return client
    }

    private func allow(_ kind: String, in scene: Scene) async throws {
        _ = try await scene.gatehouse.object([
            "resources", "policy", scene.server, "--elicitation", "confirm,\(kind)",
        ])
    }

    @Test(arguments: SDKClient.Era.allCases)
    func `a key reaches the server and no party in between`(era: SDKClient.Era) async throws {
        try await Scene.play { scene in
            try await allow("secret", in: scene)
            let client = try await connect(to: scene, era, .approve, person: ["types": .string(Self.key)])
            let outcome = try await client.outcome("store_api_key", ["service": "hub"])
            #expect(outcome.text.hasPrefix("Stored the key for hub.") && !outcome.failed, "\(outcome.text)")
            let links = try await client.holding().links
            #expect(links.count == 1 && links.first?["status"] == 200)
            #expect(!"\(outcome) \(links)".contains(Self.key))
            for log in ["example", "gatehouse"] { #expect(try !scene.stage.log(log).contains(Self.key)) }
            let asked = try await scene.gatehouse.object(["elicitations", "list"])
            #expect(asked["kind"] == "secret" && asked["status"] == "completed")
        }
    }

    @Test(arguments: SDKClient.Era.allCases)
    func `a decline gives no key, and an ungranted kind creates no elicitation`(era: SDKClient.Era)
        async throws
    {
        try await Scene.play { scene in
            let client = try await connect(to: scene, era, .decline, person: ["types": .string(Self.key)])
            let refused = try await client.outcome("store_api_key", ["service": "hub"])
            #expect(refused.failed && refused.text.contains("kind secret"))
            #expect(try await client.holding().links.isEmpty)
            try await allow("secret", in: scene)
            let declined = try await client.outcome("store_api_key", ["service": "hub"])
            #expect(declined.failed && declined.text.contains("declined"))
            #expect(try await client.holding().links.count == 1)
        }
    }

    @Test(arguments: SDKClient.Era.allCases)
    func `pull requests are listed with an account at Canaille that the user connected once`(
        era: SDKClient.Era
    ) async throws {
        let port = try await LoopbackPort.free()
        let upstream = ["--upstream", "http://127.0.0.1:\(port)/pulls", "--provider", "hub"]
        try await Scene.play(example: upstream) { scene in
            let hub = try await ThirdParty.start(in: scene)
            try await hub.publishPullRequests(at: port)
            let client = try await connect(to: scene, era, .approve, person: ["elsewhere": .object(hub.account)])
            func expectList() async throws {
                let outcome = try await client.outcome("list_pull_requests")
                #expect(outcome.text == "#7 Notes on the engine, by Ada L." && !outcome.failed, "\(outcome.text)")
            }
            try await expectList()
            try await expectList()
            #expect(try await client.holding().links.count == 1, "nobody is asked twice")
            let connection = try await scene.gatehouse.object(["connections", "list", "--user", "ada"])
            _ = try await scene.gatehouse.object(["connections", "revoke", connection["id"]?.string ?? ""])
            // No second connection: Canaille issues equal tokens within one second, and one of them would be revoked.
            let other = try await connect(to: scene, era, .decline)
            let refused = try await other.outcome("list_pull_requests")
            #expect(refused.failed && refused.text.contains("declined"), "\(refused.text)")
            #expect(try await other.holding().links.count == 1, "an account that was revoked is asked for anew")
        }
    }

    @Test(arguments: SDKClient.Era.allCases)
    func `the user pays on the server's page, and its report is recorded as reported`(
        era: SDKClient.Era
    ) async throws {
        try await Scene.play(isSecure: true) { scene in
            let host = String(scene.server.dropFirst("https://".count).prefix { $0 != "/" })
            _ = try await scene.gatehouse.object([
                "resources", "policy", scene.server, "--elicitation", "confirm,external", "--external-host", host,
            ])
            let client = try await connect(to: scene, era, .approve)
            let paid = try await client.outcome("pay", ["purpose": "tea", "euros": 3])
            #expect(paid.text.hasPrefix("Paid 3 € for tea, order ") && !paid.failed, "\(paid.text)")
            let pages = try await client.holding().pages
            #expect(
                pages.contains { $0.contains("<main id=\"elicitation-page\"") }
                    && pages.contains { $0.contains("Pay 3 €") })
            let asked = try await scene.gatehouse.object(["elicitations", "list"])
            #expect(asked["kind"] == "external" && asked["status"] == "completed")
            let shown = try await scene.gatehouse.object(["elicitations", "show", asked["id"]?.string ?? ""])
            #expect(shown["reported_by"]?.string == scene.credentials.id)
        }
    }

    @Test func `a client that opens no links gets the error of its protocol version`() async throws {
        try await Scene.play { scene in
            try await allow("secret", in: scene)
            let modern = try await connect(to: scene, .modern, nil)
            await #expect {
                try await modern.outcome("store_api_key", ["service": "hub"])
            } throws: { "\($0)".contains("opens links") }
            let handshake = try await connect(to: scene, .handshake, nil)
            #expect(try await handshake.outcome("store_api_key", ["service": "hub"]).failed)
        }
    }
}
