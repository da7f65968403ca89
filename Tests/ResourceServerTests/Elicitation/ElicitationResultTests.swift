import Foundation
import JOSE
import OAuth
import Testing

@testable import ResourceServer

@Suite("Results of elicitations")
struct ElicitationResultTests {
    private static let schema = Array(
        #"{"type":"object","required":["api_key"],"properties":{"api_key":{"type":"string","format":"password"}}}"#.utf8
    )

    private func secret() throws -> ResourceServer.ElicitationRequest {
        try .secret(schema: Self.schema, message: "Give the key.")
    }

    private func connect() throws -> ResourceServer.ElicitationRequest {
        try .connect(provider: "hub", scopes: ["repo"], message: "Connect.")
    }

    private func external() throws -> ResourceServer.ElicitationRequest {
        try .external(url: "https://pay.example/cart?id=7", message: "Pay.")
    }

    /// Creates an elicitation, completes it as the user and collects as the given caller.
    private func collect(
        _ scene: ElicitationScene, _ request: ResourceServer.ElicitationRequest, by other: Elicitations? = nil
    ) async throws -> ElicitationResult {
        let access = try await scene.access()
        let made = try await scene.elicitations.create(request, for: access)
        scene.fake.act("completed")
        return try await (other ?? scene.elicitations).result(of: made.id, for: request, by: access)
    }

    @Test func `the values of a secret can be collected repeatedly until they are acknowledged`()
        async throws
    {
        try await ElicitationScene.play { scene in
            let content = try #require(try await collect(scene, secret()).content)
            #expect(content.text("api_key") == "canary-key" && content.text("other") == nil)
            #expect(try JSONObject(parsing: content.json) == ["api_key": "canary-key"])
            let body = scene.fake.read { $0.entries.first?.body }
            #expect(try body?["requested_schema"] == .object(JSONObject(parsing: Self.schema)))
            #expect(body?["kind"] == "secret" && body?["action"] == nil)
            let again = try await scene.elicitations.result(
                of: content.elicitation, for: secret(), by: try await scene.access())
            #expect(again.content == content)
            try await scene.elicitations.acknowledge(content)
            let access = try await scene.access()
            let gone = await fault {
                try await scene.elicitations.result(of: content.elicitation, for: secret(), by: access)
            }
            #expect(gone?.kind == .alreadyCollected)
        }
    }

    @Test func `nothing prints the entered values`() async throws {
        try await ElicitationScene.play { scene in
            let result = try await collect(scene, secret())
            var printed = "\(result) \(String(reflecting: result)) \(ElicitationStep.completed(result))"
            dump(result, to: &printed)
            #expect(printed.contains("eli_1") && !printed.contains("canary"))
            let bytes = "\(Array("canary-key".utf8))".dropFirst().dropLast()
            #expect(!printed.contains(bytes))
        }
    }

    @Test func `a connected account names its provider and what was granted, once`() async throws {
        try await ElicitationScene.play { scene in
            let account = try #require(try await collect(scene, connect()).account)
            #expect(account == ConnectedAccount(id: "con_1", provider: "hub", scopes: ["repo", "user"]))
            let body = scene.fake.read { $0.entries.first?.body }
            #expect(body?["provider"] == "hub" && body?["scope"] == "repo")
            let access = try await scene.access()
            let request = try connect()
            let again = await fault { try await scene.elicitations.result(of: "eli_1", for: request, by: access) }
            #expect(again?.kind == .alreadyCollected)
        }
    }

    @Test func `an external elicitation is completed when it is reported`() async throws {
        try await ElicitationScene.play { scene in
            let result = try await collect(scene, external())
            #expect(result == .completion)
            #expect(scene.fake.read { $0.entries.first?.body["url"] } == "https://pay.example/cart?id=7")
        }
    }

    @Test func `another MCP server's elicitation is not found`() async throws {
        try await ElicitationScene.play { scene in
            let other = try Elicitations(
                Fixture.configuration(issuer: scene.server.issuer, clock: scene.clock), clientID: "res_2",
                clientSecret: "gate_s_y")
            let request = try secret()
            #expect(await fault { try await collect(scene, request, by: other) }?.kind == .notFound)
            #expect(scene.fake.read { !$0.entries.contains(where: \.isCollected) })
        }
    }

    @Test(
        arguments: [
            ("secret", "kind", "connect"), ("secret", "id", "eli_9"), ("secret", "content", "text"),
            ("secret", "content", nil),
            ("connect", "provider", "other"), ("connect", "connection", nil), ("connect", "kind", "external"),
            ("external", "outcome", "declined"), ("external", "outcome", nil), ("external", "kind", "confirm"),
        ] as [(String, String, JSON?)])
    func `a result that does not belong to the request is refused`(kind: String, name: String, value: JSON?)
        async throws
    {
        try await ElicitationScene.play { scene in
            scene.fake.change { $0.forgeResult = { $0[name] = value } }
            let request = try kind == "secret" ? secret() : kind == "connect" ? connect() : external()
            #expect(await fault { try await collect(scene, request) }?.kind == .unavailable)
            #expect(
                scene.fake.read { $0.entries.map(\.isCollected) } == [false], "it can be collected by its own request")
        }
    }

    @Test(arguments: ["[]", "{", #"{"type":"object"}"#, #"{"type":"object","properties":{"a":{"type":"object"}}}"#])
    func `an invalid schema is refused before anything is sent`(schema: String) {
        #expect(throws: InvalidElicitation.self) {
            try ResourceServer.ElicitationRequest.secret(schema: Array(schema.utf8), message: "m")
        }
    }

    @Test(arguments: ["http://pay.example/", "https://pay.example/#x", "https://pay.example/?ticket=1", "pay.example"])
    func `an invalid external URL is refused before anything is sent`(url: String) {
        #expect(throws: InvalidElicitation.self) {
            try ResourceServer.ElicitationRequest.external(url: url, message: "m")
        }
    }

    @Test func `a call waits for a secret like an approval, and a cancelled one leaves no result`()
        async throws
    {
        try await ElicitationScene.play { scene in
            let calls = scene.calls()
            let (request, access) = (try secret(), try await scene.access())
            let state = try #require(try await calls.begin(request, in: scene.request(), by: access).state)
            scene.fake.act("completed")
            let step = try await calls.resume(state, answer: .accept, request, in: scene.request(), by: access)
            #expect(step.result?.content?.text("api_key") == "canary-key")
            let given = try await calls.resume(state, answer: .cancel, request, in: scene.request(), by: access)
            #expect(given.refusal?.contains("nothing was done") == true)
            #expect(scene.fake.read { $0.entries.map(\.isCollected) } == [true])
            let late = try await calls.resume(state, answer: .accept, request, in: scene.request(), by: access)
            #expect(late.refusal?.contains("used before") == true)
        }
    }

    @Test func `another user's state of a secret is refused and nothing is collected`() async throws {
        try await ElicitationScene.play { scene in
            let calls = scene.calls()
            let request = try secret()
            let access = try await scene.access()
            let state = try #require(try await calls.begin(request, in: scene.request(), by: access).state)
            scene.fake.act("completed")
            let mallory = try await scene.access("u", subject: "sub_2")
            let before = scene.fake.read { $0.credentials.count }
            let found = await fault {
                try await calls.resume(state, answer: .accept, request, in: scene.request(), by: mallory)
            }
            #expect(found?.kind == .invalidRequestState)
            #expect(scene.fake.read { $0.credentials.count } == before)
        }
    }
}
