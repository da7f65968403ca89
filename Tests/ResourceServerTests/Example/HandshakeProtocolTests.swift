import JOSE
import Testing

@testable import example_mcp_server

@Suite("MCP 2025-11-25 at the example server")
struct HandshakeProtocolTests {
    private let version = [("MCP-Protocol-Version", "2025-11-25")]

    private func message(_ method: String, _ parameters: JSONObject = [:]) -> JSON {
        ["jsonrpc": "2.0", "id": "a", "method": .string(method), "params": .object(parameters)]
    }

    @Test(arguments: [("2025-11-25", "2025-11-25"), ("2025-06-18", "2025-06-18"), ("1999-01-01", "2025-11-25")])
    func `agrees on a version at initialize and keeps no session`(asked: String, agreed: String) async throws {
        try await ExampleClient.run { client in
            client.grant("")
            let answer = try await client.post(
                message(
                    "initialize", ["protocolVersion": .string(asked), "capabilities": [:], "clientInfo": ["name": "t"]])
            )
            #expect(answer.status == 200)
            #expect(answer.field("Mcp-Session-Id") == nil)
            let result = answer.json?["result"]?.object
            #expect(answer.json?["id"] == "a")
            #expect(result?["protocolVersion"]?.string == agreed)
            #expect(result?["serverInfo"]?.object?["name"] == "example-mcp-server")
            #expect(result?["capabilities"]?.object?["tools"] != nil)
            let next = try await client.post(["jsonrpc": "2.0", "method": "notifications/initialized"], version)
            #expect(next.status == 202)
        }
    }

    @Test func `lists and calls tools, and climbs by the same challenge`() async throws {
        try await ExampleClient.run { client in
            client.grant("files:read")
            let list = try await client.post(message("tools/list"), version)
            #expect(list.json?["result"]?.object?["tools"]?.array?.count == 11)
            #expect(list.json?["result"]?.object?["resultType"] == nil)
            let read = try await client.post(message("tools/call", ["name": "list_files", "arguments": [:]]), version)
            #expect(read.json?.toolText == "welcome.txt")
            let write = message("tools/call", ["name": "write_file", "arguments": ["name": "x", "text": ""]])
            #expect(try await client.post(write, version).status == 403)
            client.grant("files:read files:write")
            #expect(try await client.post(write, version).json?.toolText == "Wrote 0 bytes to x.")
        }
    }

    @Test func `answers with an event stream to clients that accept nothing else`() async throws {
        try await ExampleClient.run { client in
            client.grant("")
            let answer = try await client.post(message("ping"), version, accept: "text/event-stream")
            #expect(answer.status == 200)
            #expect(answer.field("Content-Type") == "text/event-stream")
            #expect(answer.body == "event: message\ndata: {\"jsonrpc\":\"2.0\",\"id\":\"a\",\"result\":{}}\n\n")
        }
    }

    @Test func `returns protocol errors as errors, and tool errors to the model`() async throws {
        try await ExampleClient.run { client in
            client.grant("files:write")
            let unknown = try await client.post(message("server/discover"), version)
            #expect(unknown.status == 200)
            #expect(unknown.json?.errorCode == -32601)
            let tool = try await client.post(message("tools/call", ["name": "nothing"]), version)
            #expect(tool.json?.errorCode == -32602)
            let failed = try await client.post(
                message("tools/call", ["name": "write_file", "arguments": ["name": "../x", "text": ""]]), version)
            #expect(failed.json?["result"]?.object?["isError"] == true)
        }
    }

    @Test func `offers no stream of its own and no session to end`() async throws {
        try await ExampleClient.run { client in
            for method in ["GET", "DELETE"] {
                let answer = try await RawHTTP(method: method, fields: [("Host", ExampleClient.host)]).send(
                    to: client.port)
                #expect(answer.status == 405)
                #expect(answer.field("Allow") == "POST")
            }
        }
    }
}
