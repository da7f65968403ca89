import JOSE
import Testing

@testable import example_mcp_server

@Suite("MCP 2026-07-28 elicitation at the example server")
struct StatelessElicitationTests {
    private static let links: JSON = ["elicitation": ["form": [:], "url": [:]]]
    private static let call: JSONObject = ["name": "delete_file", "arguments": ["name": "welcome.txt"]]

    private func call(
        _ client: ExampleClient, state: JSON? = nil, action: String? = nil, capabilities: JSON = links,
        file: String = "welcome.txt", token: String = "t"
    ) async throws -> RawHTTP.Answer {
        var parameters: JSONObject = ["name": "delete_file", "arguments": ["name": .string(file)]]
        parameters["requestState"] = state
        if let action { parameters["inputResponses"] = ["link": ["action": .string(action)]] }
        return try await client.stateless("tools/call", parameters, capabilities: capabilities, token: token)
    }

    @Test func `returns a link and a state, and answers the retry once the user has approved`()
        async throws
    {
        try await ExampleClient.run { client in
            client.grant("files:write")
            let asked = try await call(client)
            #expect(asked.status == 200)
            let result = asked.json?["result"]?.object
            #expect(result?["resultType"] == "input_required")
            let request = result?["inputRequests"]?.object?["link"]?.object
            #expect(request?["method"] == "elicitation/create")
            #expect(
                request?["params"] == [
                    "mode": "url", "url": "http://127.0.0.1:1/e/eli_1-page",
                    "message": "Approve the deletion of welcome.txt.",
                ])
            #expect(!asked.body.contains("elicitationId") && !asked.body.contains("eli_1\""))
            let state = try #require(result?["requestState"])
            client.elicitations.change { $0.plan = (ManualClock.start + 20, "completed") }
            let done = try await call(client, state: state, action: "accept").json
            #expect(done?.toolText == "Deleted welcome.txt.")
            #expect(done?["result"]?.object?["resultType"] == "complete")
            #expect(done?["result"]?.object?["isError"] == false)
            let action = client.elicitations.read { $0.entries.first?.body["action"]?.object }
            #expect(action?["arguments"] == ["name": "welcome.txt"])
        }
    }

    @Test
    func `a user who takes six minutes: at most eight rounds, the link as text, and a new call finds it`()
        async throws
    {
        try await ExampleClient.run { client in
            client.grant("files:write")
            client.elicitations.change { $0.plan = (ManualClock.start + 360, "completed") }
            var answer = try await call(client).json?["result"]?.object
            var rounds = 0
            while let state = answer?["requestState"] {
                rounds += 1
                answer = try await call(client, state: state, action: rounds == 1 ? "accept" : nil).json?["result"]?
                    .object
                #expect(answer?["inputRequests"] == nil, "nobody is asked twice")
            }
            // The first answer had a link, eight had a state alone, and SDKs give up after ten.
            #expect(rounds == 9)
            let text = answer?["content"]?.array?.first?.object?["text"]?.string ?? ""
            #expect(text.contains("http://127.0.0.1:1/e/eli_1-page"))
            #expect(answer?["isError"] == false && answer?["resultType"] == "complete")
            client.elicitations.clock.advance(360)
            #expect(try await call(client).json?.toolText == "Deleted welcome.txt.")
        }
    }

    @Test(
        arguments: [[:], ["elicitation": [:]], ["elicitation": ["form": [:]]], ["elicitation": ["url": true]]] as [JSON]
    )
    func `a client that opens no links gets -32021 with HTTP 400, and no elicitation is created`(capabilities: JSON)
        async throws
    {
        try await ExampleClient.run { client in
            client.grant("files:write")
            let refused = try await call(client, capabilities: capabilities)
            #expect(refused.status == 400)
            #expect(refused.json?.errorCode == -32021)
            let data = refused.json?["error"]?.object?["data"]?.object
            #expect(data?["requiredCapabilities"] == ["elicitation": ["url": [:]]])
            #expect(client.elicitations.read { $0.entries.isEmpty })
        }
    }

    @Test func `a decline fails the tool call, and a new call creates a new elicitation`() async throws {
        try await ExampleClient.run { client in
            client.grant("files:write")
            let state = try await call(client).json?["result"]?.object?["requestState"]
            client.elicitations.act("declined")
            let refused = try await call(client, state: state, action: "accept").json?["result"]?.object
            #expect(refused?["isError"] == true && refused?["inputRequests"] == nil)
            let list = try await client.stateless("tools/call", ["name": "list_files"])
            #expect(list.json?.toolText == "welcome.txt")
            #expect(client.elicitations.read { $0.entries.count } == 1)
        }
    }

    @Test(arguments: ["decline", "cancel", "nonsense"])
    func `a client that does not open the link cancels the elicitation`(action: String) async throws {
        try await ExampleClient.run { client in
            client.grant("files:write")
            let state = try await call(client).json?["result"]?.object?["requestState"]
            let refused = try await call(client, state: state, action: action).json?["result"]?.object
            #expect(refused?["isError"] == true)
            #expect(client.elicitations.read { $0.entries.map(\.status) } == ["cancelled"])
        }
    }

    @Test func `a changed state, or one of another user or file, is refused with -32602`()
        async throws
    {
        try await ExampleClient.run { client in
            client.grant("files:write")
            client.grant("files:write", to: "u", subject: "sub_2")
            let state = try #require(try await call(client).json?["result"]?.object?["requestState"]?.string)
            client.elicitations.act("completed")
            let changed = try await call(client, state: .string(state.dropLast() + "_"), action: "accept")
            #expect(changed.json?.errorCode == -32602 && changed.status == 400)
            #expect(try await call(client, state: 7).json?.errorCode == -32602)
            let stolen = try await call(client, state: .string(state), action: "accept", token: "u")
            #expect(stolen.json?.errorCode == -32602)
            #expect(client.elicitations.read { !$0.entries.contains(where: \.isCollected) })
        }
    }

    @Test func `a missing file creates no elicitation`() async throws {
        try await ExampleClient.run { client in
            client.grant("files:write")
            let answer = try await call(client, file: "nothing.txt").json?["result"]?.object
            #expect(answer?["isError"] == true)
            #expect(client.elicitations.read { $0.entries.isEmpty })
        }
    }

    @Test func `too many elicitations or an unavailable server fail the tool call`() async throws {
        try await ExampleClient.run { client in
            client.grant("files:write")
            for (status, code) in [(429, "too_many_requests"), (503, "temporarily_unavailable")] {
                client.elicitations.change { $0.failure = (status, #"{"error":"\#(code)"}"#) }
                let answer = try await call(client).json?["result"]?.object
                #expect(answer?["isError"] == true && answer?["resultType"] == "complete")
            }
        }
    }

    @Test func `accepts pushed events and refuses anything else`() async throws {
        try await ExampleClient.run(takesEvents: true) { client in
            let request = RawHTTP(
                path: "/events", fields: [("Host", ExampleClient.host), ("Content-Type", "application/secevent+jwt")],
                body: Array("x.y.z".utf8))
            let answer = try await request.send(to: client.port)
            #expect(answer.status == 400 && answer.json?["err"] == "invalid_request")
        }
        try await ExampleClient.run { client in
            let answer = try await RawHTTP(path: "/events", fields: [("Host", ExampleClient.host)]).send(
                to: client.port)
            #expect(answer.status == 404)
        }
    }
}
