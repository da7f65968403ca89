import JOSE
import ResourceServer
import Testing

@testable import example_mcp_server

@Suite("MCP inquiries at the example server: forms and sampling")
struct InquiryTests {
    private static let able: JSON = ["elicitation": ["form": [:], "url": [:]], "sampling": [:]]

    private func migrate(
        _ client: ExampleClient, _ arguments: JSONObject = ["database": "main", "when": "now"], state: JSON? = nil,
        responses: JSON? = nil, capabilities: JSON = able, token: String = "t"
    ) async throws -> RawHTTP.Answer {
        var parameters: JSONObject = ["name": "migrate_database", "arguments": .object(arguments)]
        parameters["requestState"] = state
        parameters["inputResponses"] = responses
        return try await client.stateless("tools/call", parameters, capabilities: capabilities, token: token)
    }

    private func form(_ environment: String) -> JSON {
        ["form": ["action": "accept", "content": ["environment": .string(environment), "when": "tonight"]]]
    }

    private func outcomes(_ client: ExampleClient) -> [String?] {
        client.elicitations.read { $0.checkpoints.map { $0["outcome"]?.string } }
    }

    @Test func `a form asks for the missing arguments, and only those are used`() async throws {
        try await ExampleClient.run { client in
            client.grant("")
            let asked = try await migrate(client).json?["result"]?.object
            #expect(asked?["resultType"] == "input_required")
            let request = asked?["inputRequests"]?.object?["form"]?.object
            #expect(request?["method"] == "elicitation/create" && request?["params"]?.object?["mode"] == "form")
            let schema = request?["params"]?.object?["requestedSchema"]?.object
            #expect(schema?["properties"]?.object?.members.map(\.name) == ["environment"])
            let done = try await migrate(client, state: asked?["requestState"], responses: form("staging")).json
            #expect(done?.toolText == "Migrated main in staging, now.")
            let reported = client.elicitations.read { $0.checkpoints }
            #expect(reported.map { $0["missing"] } == [["environment"], ["environment"]])
            #expect(reported.map { $0["outcome"] } == [nil, "accepted"] && reported.last?["path"] == "staging")
        }
    }

    @Test func `the form's values are what the user approves and what is done`() async throws {
        try await ExampleClient.run { client in
            client.grant("")
            let asked = try await migrate(client).json?["result"]?.object
            let link = try await migrate(client, state: asked?["requestState"], responses: form("production")).json?[
                "result"]?.object
            #expect(link?["inputRequests"]?.object?["link"] != nil)
            let action = client.elicitations.read { $0.entries.first?.body["action"]?.object }
            #expect(action?["arguments"] == ["database": "main", "when": "now", "environment": "production"])
            client.elicitations.act("completed")
            let accept: JSON = ["link": ["action": "accept"]]
            let done = try await migrate(client, state: link?["requestState"], responses: accept).json
            #expect(done?.toolText == "Migrated main in production, now.")
            #expect(outcomes(client) == [nil, "accepted"], "coming back with the link reports nothing anew")
        }
    }

    @Test func `a state of another user or call, a changed or an expired one is refused`() async throws {
        try await ExampleClient.run { client in
            client.grant("")
            client.grant("", to: "u", subject: "sub_2")
            let state = try #require(try await migrate(client).json?["result"]?.object?["requestState"]?.string)
            let changed = String(state.dropLast()) + (state.hasSuffix("A") ? "B" : "A")
            let stolen = try await migrate(client, state: .string(state), responses: form("staging"), token: "u")
            let moved = try await migrate(
                client, ["database": "other", "when": "now"], state: .string(state), responses: form("staging"))
            let forged = try await migrate(client, state: .string(changed), responses: form("staging"))
            client.elicitations.clock.advance(7_200)
            let old = try await migrate(client, state: .string(state), responses: form("staging"))
            for answer in [stolen, moved, forged, old] { #expect(answer.json?.errorCode == -32602) }
            #expect(outcomes(client) == [nil])
        }
    }

    @Test func `a client without forms gets the missing capability, and no checkpoint is reported`() async throws {
        try await ExampleClient.run { client in
            client.grant("files:write")
            let links: JSON = ["elicitation": ["url": [:]]]
            let form = try await migrate(client, capabilities: links)
            #expect(form.json?.errorCode == -32021)
            let needed = form.json?["error"]?.object?["data"]?.object?["requiredCapabilities"]
            #expect(needed == ["elicitation": ["form": [:]]])
            let sampling = try await client.stateless(
                "tools/call", ["name": "report_churn", "arguments": ["month": "2026-10"]], capabilities: links)
            #expect(sampling.json?.errorCode == -32021)
        }
    }

    @Test func `nothing is done if the checkpoint cannot be recorded`() async throws {
        try await ExampleClient.run { client in
            client.grant("")
            let asked = try await migrate(client).json?["result"]?.object
            client.elicitations.change { $0.failure = (429, #"{"error":"too_many_requests"}"#) }
            let refused = try await migrate(client, state: asked?["requestState"], responses: form("staging")).json
            #expect(refused?.toolText?.contains("audit record") == true)
            #expect(refused?["result"]?.object?["isError"] == true)
        }
    }

    @Test(
        arguments: [
            (["action": "decline"], "declined"), (["action": "cancel"], "cancelled"),
            (["action": "accept", "content": ["environment": "moon"]], "accepted"), (["action": "accept"], "accepted"),
            (["action": 7], nil),
        ] as [(JSON, String?)])
    func `any other reply to a form migrates nothing and is reported as such`(
        reply: JSON, outcome: String?
    ) async throws {
        try await ExampleClient.run { client in
            client.grant("")
            let asked = try await migrate(client).json?["result"]?.object
            let end = try await migrate(client, state: asked?["requestState"], responses: ["form": reply]).json
            #expect(end?["result"]?.object?["isError"] == true)
            #expect(outcomes(client) == (outcome == nil ? [nil] : [nil, outcome]))
            #expect(client.elicitations.read { $0.checkpoints.allSatisfy { $0["path"] == nil } })
        }
    }

    /// A reply in one word.
    private func word(_ reply: FormElicitationReply) -> String {
        switch reply {
        case .written(let text, let model, let review): "\(text) by \(model ?? "nobody"), \(review)"
        case .rejected: "rejected"
        case .unusable: "unusable"
        case .accepted, .declined, .cancelled: "a form"
        }
    }

    @Test func `without a reported review no human act is recorded`() {
        func reply(_ text: String, _ members: JSONObject = [:]) -> String {
            var result: JSONObject = [
                "role": "assistant", "content": ["type": "text", "text": .string(text)], "model": "m",
            ]
            for (name, value) in members.members { result[name] = value }
            return word(FormElicitationReply(.sampling, result))
        }
        func said(_ review: String) -> JSONObject { ["_meta": ["example.gatehouse/review": .string(review)]] }
        #expect(reply("a") == "a by m, approved")
        #expect(reply("a", said("edited")) == "a by m, edited")
        #expect(reply("a", said("rejected")) == "rejected")
        #expect(word(FormElicitationReply(.sampling, nil, errorCode: -1)) == "rejected")
        let odd = [
            reply(""), reply("a", ["role": "user"]), reply("a", said("seen")),
            reply("a", ["content": [["type": "text", "text": "a"]]]),
            word(FormElicitationReply(.sampling, nil, errorCode: -32603)),
            word(FormElicitationReply(.form, nil, errorCode: -1)),
        ]
        #expect(odd.allSatisfy { $0 == "unusable" }, "\(odd)")
    }

    /// The stream of one call of the older era, whose questions are answered in its middle.
    private func converse(
        _ call: JSON, _ reply: @escaping (_ question: JSONObject) -> JSONRPCMessage?
    ) async throws -> (messages: [JSONObject], reported: [JSONObject]) {
        var (received, reported): ([JSONObject], [JSONObject]) = ([], [])
        try await ElicitationScene.play { scene in
            let access = try await scene.access()
            let handshake = HandshakeProtocol(
                tools: Toolbox(resource: scene.resource, elicitations: scene.elicitations) { 0 }, calls: scene.calls(),
                sessions: HandshakeSessions(), questions: PendingFormElicitations())
            var headers = RoutingHeaders(protocolVersion: "2025-11-25")
            headers.session = handshake.sessions.open(for: access, able: [.forms, .sampling])
            headers.takesEvents = true
            guard case .stream(let stream) = await handshake.answer(try JSONRPCMessage(call.bytes), headers, access)
            else {
                Issue.record("the call should open a stream")
                return
            }
            for await message in stream {
                guard let message else { continue }
                received.append(message)
                if message["method"] != nil, let reply = reply(message) {
                    _ = await handshake.answer(reply, RoutingHeaders(), access)
                }
            }
            reported = scene.fake.read { $0.checkpoints }
        }
        return (received, reported)
    }

    @Test func `with the older protocol the request travels in the stream of the call, and a rejection is handled`()
        async throws
    {
        let call: JSON = [
            "jsonrpc": "2.0", "id": "a", "method": "tools/call",
            "params": ["name": "report_churn", "arguments": ["month": "2026-10"]],
        ]
        let (messages, reported) = try await converse(call) { question in
            .response(id: question["id"] ?? .null, result: nil, errorCode: -1)
        }
        #expect(messages.first?["method"] == "sampling/createMessage")
        #expect(messages.last?.toolText == "The summary was rejected, so nothing was filed.")
        #expect(reported.map { $0["outcome"] } == ["rejected"] && reported.first?["tool"] == "report_churn")
        let broken = try await converse(call) { question in
            .response(id: question["id"] ?? .null, result: nil, errorCode: -32603)
        }
        #expect(broken.messages.last?["result"]?.object?["isError"] == true && broken.reported.isEmpty)
    }

    @Test func `with the older protocol a client with forms only gets no link`() async throws {
        let call: JSON = [
            "jsonrpc": "2.0", "id": "a", "method": "tools/call",
            "params": ["name": "migrate_database", "arguments": ["database": "main", "when": "now"]],
        ]
        let (messages, reported) = try await converse(call) { question in
            let content: JSON = ["environment": "production"]
            return .response(id: question["id"] ?? .null, result: ["action": "accept", "content": content])
        }
        #expect(messages.count == 2 && messages.last?.toolText?.contains("opens links") == true)
        #expect(reported.last?["path"] == "production")
    }
}
