import JOSE
import ResourceServer
import Testing

@testable import example_mcp_server

@Suite("The example's tool that stores a key")
struct KeyToolTests {
    private static let links: JSON = ["elicitation": ["url": [:]]]

    private func call(
        _ client: ExampleClient, state: JSON? = nil, action: String? = nil, service: JSON = "hub",
        capabilities: JSON = links
    ) async throws -> RawHTTP.Answer {
        var parameters: JSONObject = ["name": "store_api_key", "arguments": ["service": service]]
        parameters["requestState"] = state
        if let action { parameters["inputResponses"] = ["link": ["action": .string(action)]] }
        return try await client.stateless("tools/call", parameters, capabilities: capabilities)
    }

    @Test func `the key reaches the server without client and model seeing it`() async throws {
        try await ExampleClient.run { client in
            client.grant("")
            let asked = try await call(client)
            let state = try #require(asked.json?["result"]?.object?["requestState"])
            #expect(client.elicitations.read { $0.entries.map(\.kind) } == ["secret"])
            client.elicitations.act("completed")
            let done = try await call(client, state: state, action: "accept")
            #expect(done.json?.toolText?.hasPrefix("Stored the key for hub.") == true)
            #expect(await client.cabinet.key(for: "hub", of: "sub_1")?.reveal() == "canary-key")
            #expect(await client.cabinet.key(for: "hub", of: "sub_2") == nil)
            #expect(client.elicitations.read { $0.entries.map(\.isCollected) } == [true])
            #expect(!asked.body.contains("canary") && !done.body.contains("canary"))
            // The state may come again; what it stood for is spent.
            let again = try await call(client, state: state, action: "accept").json?["result"]?.object
            #expect(again?["isError"] == true)
        }
    }

    @Test func `a client that opens no links gets -32021, and no elicitation is created`() async throws {
        try await ExampleClient.run { client in
            client.grant("")
            let refused = try await call(client, capabilities: ["elicitation": ["form": [:]]])
            #expect(refused.status == 400 && refused.json?.errorCode == -32021)
            #expect(client.elicitations.read { $0.entries.isEmpty })
        }
    }

    @Test(arguments: ["", "a b", "\u{202e}x", 7] as [JSON])
    func `an invalid service name creates no elicitation`(service: JSON) async throws {
        try await ExampleClient.run { client in
            client.grant("")
            let refused = try await call(client, service: service).json?["result"]?.object
            #expect(refused?["isError"] == true)
            #expect(client.elicitations.read { $0.entries.isEmpty })
        }
    }

    @Test func `a full key store refuses the key and does not acknowledge it`() async throws {
        try await ExampleClient.run { client in
            client.grant("")
            for number in 0..<ServiceKeyStore.maximumKeys {
                #expect(await client.cabinet.keep(Secret("k"), for: "s\(number)", of: "sub_1") == nil)
            }
            let state = try await call(client).json?["result"]?.object?["requestState"]
            client.elicitations.act("completed")
            let refused = try await call(client, state: state, action: "accept").json?["result"]?.object
            #expect(refused?["isError"] == true)
            #expect(client.elicitations.read { $0.entries.map(\.isCollected) } == [false])
        }
    }
}
