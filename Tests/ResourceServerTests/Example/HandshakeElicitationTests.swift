import JOSE
import ResourceServer
import Testing

@testable import example_mcp_server

@Suite("MCP 2025-11-25 elicitation at the example server")
struct HandshakeElicitationTests {
    private static let links: JSON = ["elicitation": ["form": [:], "url": [:]]]

    private static func message(_ method: String, _ parameters: JSONObject) -> JSON {
        ["jsonrpc": "2.0", "id": "a", "method": .string(method), "params": .object(parameters)]
    }

    private static func call(_ file: String = "welcome.txt") -> JSON {
        message("tools/call", ["name": "delete_file", "arguments": ["name": .string(file)]])
    }

    private func session(_ client: ExampleClient, capabilities: JSON = links, token: String = "t") async throws
        -> String?
    {
        let hello = Self.message(
            "initialize",
            ["protocolVersion": "2025-11-25", "capabilities": capabilities, "clientInfo": ["name": "t"]])
        return try await client.post(hello, token: token).field("Mcp-Session-Id")
    }

    private func fields(_ session: String?) -> [(String, String)] {
        [("MCP-Protocol-Version", "2025-11-25")] + (session.map { [("Mcp-Session-Id", $0)] } ?? [])
    }

    /// The JSON messages of a stream of events, and how often it said that it is there.
    private func events(_ answer: RawHTTP.Answer) -> [JSONObject] {
        answer.body.split(separator: "data: ").dropFirst().compactMap {
            try? JSONObject(parsing: Array($0.prefix { $0 != "\n" }.utf8))
        }
    }

    @Test func `requests on the call's stream, notifies the completion, then answers`() async throws {
        try await ExampleClient.run { client in
            client.grant("files:write")
            let session = try await session(client)
            client.elicitations.change { $0.plan = (ManualClock.start + 360, "completed") }
            let answer = try await client.post(Self.call(), fields(session))
            #expect(answer.status == 200 && answer.field("Content-Type") == "text/event-stream")
            let events = events(answer)
            try #require(events.count == 3)
            let parameters = events[0]["params"]?.object
            #expect(events[0]["method"] == "elicitation/create" && events[0]["id"]?.string != nil)
            #expect(parameters?["mode"] == "url" && parameters?["url"] == "http://127.0.0.1:1/e/eli_1-page")
            #expect(parameters?["elicitationId"]?.string?.isEmpty == false && parameters?["elicitationId"] != "eli_1")
            #expect(events[1]["method"] == "notifications/elicitation/complete" && events[1]["id"] == nil)
            #expect(events[1]["params"]?.object?["elicitationId"] == parameters?["elicitationId"])
            #expect(events[2].toolText == "Deleted welcome.txt." && events[2]["id"] == "a")
            // Six minutes in pieces of 25 seconds; each piece sends a keep-alive.
            #expect(client.elicitations.read { $0.waits.count } == 15)
            #expect(answer.body.split(separator: ": waiting\n\n", omittingEmptySubsequences: false).count == 15)
        }
    }

    @Test func `a client without streams gets -32042, and its next call finds the approval`() async throws {
        try await ExampleClient.run { client in
            client.grant("files:write")
            let session = try await session(client)
            let asked = try await client.post(Self.call(), fields(session), accept: "application/json")
            #expect(asked.json?.errorCode == -32042)
            let link = asked.json?["error"]?.object?["data"]?.object?["elicitations"]?.array?.first?.object
            #expect(link?["mode"] == "url" && link?["url"] == "http://127.0.0.1:1/e/eli_1-page")
            #expect(link?["elicitationId"]?.string != nil && link?["message"]?.string != nil)
            client.elicitations.act("completed")
            let done = try await client.post(Self.call(), fields(session), accept: "application/json")
            #expect(done.json?.toolText == "Deleted welcome.txt.")
        }
    }

    @Test(arguments: [[:], ["elicitation": [:]], ["elicitation": ["form": [:]]]] as [JSON])
    func `a client that opens no links gets a failed tool call, and an identifier only for what it can do`(
        capabilities: JSON
    )
        async throws
    {
        try await ExampleClient.run { client in
            client.grant("files:write")
            let session = try await session(client, capabilities: capabilities)
            #expect((session == nil) == (capabilities == [:]))
            let refused = try await client.post(Self.call(), fields(session))
            #expect(refused.status == 200 && refused.json?["result"]?.object?["isError"] == true)
            #expect(client.elicitations.read { $0.entries.isEmpty })
        }
    }

    @Test func `a session identifier of another user, a changed or an invented one is unknown`()
        async throws
    {
        try await ExampleClient.run { client in
            client.grant("files:write")
            client.grant("files:write", to: "u", subject: "sub_2")
            let session = try #require(try await session(client))
            #expect(try await client.post(Self.call(), fields(session), token: "u").status == 404)
            #expect(try await client.post(Self.call(), fields(session + "AAAA")).status == 404)
            #expect(try await client.post(Self.call(), fields("made-up")).status == 404)
            #expect(client.elicitations.read { $0.entries.isEmpty })
        }
    }

    @Test(arguments: ["declined", "expired", "cancelled"])
    func `any other final state fails the tool call`(status: String) async throws {
        try await ExampleClient.run { client in
            client.grant("files:write")
            let session = try await session(client)
            client.elicitations.change { $0.plan = (ManualClock.start + 30, status) }
            let last = events(try await client.post(Self.call(), fields(session))).last
            #expect(last?["result"]?.object?["isError"] == true)
        }
    }

    /// The stream of one call, without sockets in between, so that the test can answer in its middle.
    private func converse(
        _ scene: ElicitationScene, reply: (HandshakeProtocol, _ question: JSON, Access) async throws -> Void
    ) async throws -> [JSONObject] {
        let access = try await scene.access()
        let handshake = HandshakeProtocol(
            tools: Toolbox(resource: scene.resource, elicitations: scene.elicitations) { 0 }, calls: scene.calls(),
            sessions: HandshakeSessions(), questions: PendingFormElicitations())
        var headers = RoutingHeaders(protocolVersion: "2025-11-25")
        headers.session = handshake.sessions.open(for: access, able: .links)
        headers.takesEvents = true
        let request = try JSONRPCMessage(Self.call().bytes)
        guard case .stream(let messages) = await handshake.answer(request, headers, access) else {
            Issue.record("the call should open a stream")
            return []
        }
        var received: [JSONObject] = []
        for await message in messages {
            guard let message else { continue }
            if message["method"] == "elicitation/create", let question = message["id"] {
                // By then the question at the authorization server is on its way, which has a connection of its own.
                while scene.fake.read({ $0.waiting.isEmpty }) { await Task.yield() }
                try await reply(handshake, question, access)
            }
            received.append(message)
        }
        return received
    }

    private func answer(_ question: JSON, _ result: JSON) -> JSONRPCMessage {
        .response(id: question, result: result.object)
    }

    @Test(arguments: ["decline", "cancel"])
    func `a client that does not open the link ends the call and cancels the elicitation`(action: String)
        async throws
    {
        try await ElicitationScene.play { scene in
            scene.fake.change { $0.isHeld = true }
            let events = try await converse(scene) { handshake, question, access in
                let reply = answer(question, ["action": .string(action)])
                _ = await handshake.answer(reply, RoutingHeaders(), access)
            }
            #expect(events.count == 2)
            #expect(events.last?["result"]?.object?["isError"] == true)
            #expect(scene.fake.read { $0.entries.map(\.status) } == ["cancelled"])
        }
    }

    @Test func `accepting means that the link was opened, not that the elicitation is completed`() async throws {
        try await ElicitationScene.play { scene in
            scene.fake.change { $0.isHeld = true }
            let events = try await converse(scene) { handshake, question, access in
                let reply = answer(question, ["action": "accept"])
                _ = await handshake.answer(reply, RoutingHeaders(), access)
                scene.fake.act("completed")
            }
            #expect(
                events.map { $0["method"]?.string } == [
                    "elicitation/create", "notifications/elicitation/complete", nil,
                ])
            #expect(events.last?.toolText == "Deleted welcome.txt.")
        }
    }

    @Test func `a client that fails to open links gets the link as text`() async throws {
        try await ElicitationScene.play { scene in
            scene.fake.change { $0.isHeld = true }
            let events = try await converse(scene) { handshake, question, access in
                _ = await handshake.answer(.response(id: question, result: nil), RoutingHeaders(), access)
            }
            #expect(events.last?.toolText?.contains("http://127.0.0.1:1/e/eli_1-page") == true)
            #expect(events.last?["result"]?.object?["isError"] == false)
            #expect(scene.fake.read { $0.entries.map(\.status) } == ["pending"], "a fresh call finds it again")
        }
    }

    @Test func `only the user's own client can answer a request`() async throws {
        try await ElicitationScene.play { scene in
            scene.fake.change { $0.isHeld = true }
            let events = try await converse(scene) { handshake, question, _ in
                let mallory = try await scene.access("u", subject: "sub_2")
                _ = await handshake.answer(answer(question, ["action": "decline"]), RoutingHeaders(), mallory)
                scene.fake.act("completed")
            }
            #expect(events.last?.toolText == "Deleted welcome.txt.")
        }
    }
}
