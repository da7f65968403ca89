import JOSE
import OAuth
import Testing

@testable import ResourceServer
@testable import example_mcp_server

@Suite("The example's tool that uses a connected account")
struct PullRequestToolTests {
    private static let links: JSON = ["elicitation": ["url": [:]]]

    private func call(
        _ client: ExampleClient, state: JSON? = nil, action: String? = nil, capabilities: JSON = links
    ) async throws -> RawHTTP.Answer {
        var parameters: JSONObject = ["name": "list_pull_requests", "arguments": [:]]
        parameters["requestState"] = state
        if let action { parameters["inputResponses"] = ["link": ["action": .string(action)]] }
        return try await client.stateless("tools/call", parameters, capabilities: capabilities)
    }

    /// Connects the user's account from now on.
    private func connect(_ client: ExampleClient, _ token: String = FakeElicitations.upstreamToken) {
        client.elicitations.change { $0.exchange = (200, ProviderTokenTests.answer(token)) }
    }

    @Test func `requests a connection, then lists with the provider's token`() async throws {
        try await ExampleClient.run { client in
            client.grant("")
            let asked = try await call(client).json?["result"]?.object
            let state = try #require(asked?["requestState"])
            let body = client.elicitations.read { $0.entries.first?.body }
            #expect(body?["kind"] == "connect" && body?["provider"] == "hub" && body?["scope"] == nil)
            client.elicitations.act("completed")
            connect(client)
            let done = try await call(client, state: state, action: "accept")
            #expect(done.json?.toolText == "#7 Analyse the engine")
            #expect(!done.body.contains(FakeElicitations.upstreamToken))
            let exchanged = client.elicitations.read { $0.exchanges }
            #expect(exchanged.allSatisfy { $0.contains("&subject_token=t&") })
            #expect(exchanged.last?.hasSuffix("&audience=urn%3Agatehouse%3Aprovider%3Ahub") == true)
        }
    }

    @Test func `a connected account needs no elicitation, even for a client that opens no links`() async throws {
        try await ExampleClient.run { client in
            client.grant("")
            connect(client)
            let listed = try await call(client, capabilities: [:]).json
            #expect(listed?.toolText == "#7 Analyse the engine")
            #expect(client.elicitations.read { $0.entries.isEmpty })
        }
    }

    @Test func `a missing connection and a client that opens no links give -32021`() async throws {
        try await ExampleClient.run { client in
            client.grant("")
            let refused = try await call(client, capabilities: [:])
            #expect(refused.status == 400 && refused.json?.errorCode == -32021)
            #expect(client.elicitations.read { $0.entries.isEmpty })
        }
    }

    @Test func `a connection that is not visible yet ends the call instead of asking again`() async throws {
        try await ExampleClient.run { client in
            client.grant("")
            let state = try await call(client).json?["result"]?.object?["requestState"]
            client.elicitations.act("completed")
            let refused = try await call(client, state: state, action: "accept").json?["result"]?.object
            #expect(refused?["isError"] == true && refused?["inputRequests"] == nil)
        }
    }

    @Test(arguments: [
        (400, "invalid_target"), (400, "invalid_request"), (503, "temporarily_unavailable"), (401, "invalid_client"),
    ])
    func `another token error creates no elicitation`(status: Int, code: String) async throws {
        try await ExampleClient.run { client in
            client.grant("")
            client.elicitations.change { $0.exchange = (status, ["error": .string(code), "error_description": "No."]) }
            let refused = try await call(client).json?["result"]?.object
            #expect(refused?["isError"] == true)
            #expect(client.elicitations.read { $0.entries.isEmpty })
        }
    }

    @Test func `an upstream that rejects the token is reported as such`() async throws {
        try await ExampleClient.run { client in
            client.grant("")
            connect(client, "old")
            let refused = try await call(client)
            #expect(refused.json?["result"]?.object?["isError"] == true)
            #expect(refused.json?.toolText?.hasSuffix("answered 401.") == true)
        }
    }
}
