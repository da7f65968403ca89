import JOSE
import TestSupport
import Testing

/// The server of the README and the recipes of `docs/python.md` against a real Gatehouse, with the SDK's client.
@Suite("gatehouse-mcp: the recipes of the documentation in both eras")
struct PythonRecipeTests {
    private static let key = "canary-sk-4711"

    private func connect(
        to page: PythonServer, _ era: SDKClient.Era, _ opens: SDKClient.Opening?, person: JSONObject = [:],
        in scene: Scene
    ) async throws -> SDKClient {
        let client = try SDKClient(on: scene.stage)
        let version = try await client.connect(
            to: page.server, as: .registered(scene.gatehouse.addClient()), era: era, person: person, opens: opens)
        #expect(version == era.version)
        return client
    }

    @Test(arguments: SDKClient.Era.allCases)
    func `the lines of the README delete a note after an approval`(era: SDKClient.Era) async throws {
        try await Scene.play { scene in
            let page = try await DocumentedServer.serve("README.md", in: scene)
            let client = try await connect(to: page, era, .approve, in: scene)
            #expect(try await client.call("delete_note", ["name": "plan"]) == "Deleted plan.")
            #expect(try await client.holding().links.count == 1)
        }
    }

    @Test(arguments: SDKClient.Era.allCases)
    func `a scope that is missing is asked for in the middle of a call`(era: SDKClient.Era) async throws {
        try await Scene.play { scene in
            let page = try await DocumentedServer.serve("docs/python.md", recipes: true, in: scene)
            let client = try await connect(to: page, era, .approve, in: scene)
            #expect(try await client.call("read_note", ["name": "plan"]) == "ship it")
            #expect(try await client.holding().scope == ["notes:read"])
            #expect(try await client.call("write_note", ["name": "list", "text": "milk"]) == "Wrote list.")
            #expect(try await client.holding().scope.contains("notes:write"))
            #expect(try await client.call("export_notes") == "ship it\ndear diary\nmilk", "a fresh sign-in")
        }
    }

    @Test(arguments: SDKClient.Era.allCases)
    func `a secret reaches the tool and no log`(era: SDKClient.Era) async throws {
        try await Scene.play { scene in
            let page = try await DocumentedServer.serve("docs/python.md", recipes: true, in: scene)
            try await page.allow(["--elicitation", "confirm,secret"], in: scene)
            let client = try await connect(to: page, era, .approve, person: ["types": .string(Self.key)], in: scene)
            let length = Self.key.count
            #expect(try await client.call("connect_upstream") == "Stored a key of \(length) characters.")
            for log in ["notes", "gatehouse"] { #expect(try !scene.stage.log(log).contains(Self.key)) }
            #expect(try !scene.stage.log("notes").contains(page.credentials.secret))
        }
    }

    @Test(arguments: SDKClient.Era.allCases)
    func `an account is connected once at Canaille`(era: SDKClient.Era) async throws {
        try await Scene.play { scene in
            let page = try await DocumentedServer.serve("docs/python.md", recipes: true, in: scene)
            let hub = try await ThirdParty.start(in: page.scene(scene))
            let client = try await connect(
                to: page, era, .approve, person: ["elsewhere": .object(hub.account)], in: scene)
            for _ in 0..<2 {
                let said = try await client.outcome("hub_token_length")
                #expect(said.text.hasPrefix("A token of ") && !said.failed, "\(said.text)")
            }
            #expect(try await client.holding().links.count == 1, "nobody is asked twice")
        }
    }

    @Test func `a job goes on after its call, and a checkpoint is recorded`() async throws {
        try await Scene.play { scene in
            let page = try await DocumentedServer.serve("docs/python.md", recipes: true, in: scene)
            try await page.allow(["--action", "expenses.submit"], in: scene)
            let client = try await connect(to: page, .modern, .approve, in: scene)
            #expect(try await client.call("submit_expenses") == "Started.")
            var filed: String?
            for _ in 0..<200 where filed != "train, hotel" { filed = try await client.call("filed_expenses") }
            #expect(filed == "train, hotel")
            #expect(try await client.call("file_summary") == "Filed.")
            let records = try await scene.gatehouse.json(["audit", "tail"]).array ?? []
            let actions = records.compactMap { $0.object?["action"]?.string }
            #expect(actions.count { $0 == "action.evaluated" } == 2)
            #expect(actions.contains("job.ended") && actions.contains("sampling.reviewed"))
        }
    }
}
