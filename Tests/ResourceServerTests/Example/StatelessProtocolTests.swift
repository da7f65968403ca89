import JOSE
import Testing

@testable import example_mcp_server

@Suite("MCP 2026-07-28 at the example server")
struct StatelessProtocolTests {
    @Test func `answers server/discover without a handshake and without a session`() async throws {
        try await ExampleClient.run { client in
            client.grant("files:read")
            let answer = try await client.stateless("server/discover")
            #expect(answer.status == 200)
            #expect(answer.field("Mcp-Session-Id") == nil)
            let result = answer.json?["result"]?.object
            #expect(result?["supportedVersions"] == ["2026-07-28"])
            #expect(result?["resultType"] == "complete")
            #expect(result?["ttlMs"]?.integer == 60_000)
            #expect(result?["cacheScope"] == "public")
            #expect(result?["capabilities"]?.object?["tools"] != nil)
            let server = result?["_meta"]?.object?["io.modelcontextprotocol/serverInfo"]?.object
            #expect(server?["name"] == "example-mcp-server")
        }
    }

    @Test func `lists the tools, and lets any token of the server call the open one`() async throws {
        try await ExampleClient.run { client in
            client.grant("")
            let list = try await client.stateless("tools/list")
            let names = list.json?["result"]?.object?["tools"]?.array?.compactMap { $0.object?["name"]?.string }
            #expect(
                names == [
                    "server_time", "list_files", "write_file", "delete_file", "store_api_key", "sign_out",
                    "report_churn", "migrate_database", "submit_expenses", "list_expenses", "list_pull_requests",
                ])
            let time = try await client.stateless("tools/call", ["name": "server_time"])
            #expect(time.json?.toolText == "2027-01-15T08:00:00Z")
        }
    }

    @Test func `climbs from 403 to a written file when the wider scope is granted`() async throws {
        try await ExampleClient.run { client in
            let call: JSONObject = ["name": "write_file", "arguments": ["name": "a.txt", "text": "hello"]]
            client.grant("files:read")
            let refused = try await client.stateless("tools/call", call)
            #expect(refused.status == 403)
            let challenge = refused.field("WWW-Authenticate") ?? ""
            #expect(challenge.contains("error=\"insufficient_scope\""))
            #expect(challenge.contains("scope=\"files:write\""))
            #expect(
                challenge.contains(
                    "resource_metadata=\"http://127.0.0.1:9/.well-known/oauth-protected-resource/mcp\""))
            client.grant("files:write")
            #expect(try await client.stateless("tools/call", call).json?.toolText == "Wrote 5 bytes to a.txt.")
            let list = try await client.stateless("tools/call", ["name": "list_files"])
            #expect(list.json?.toolText == "a.txt\nwelcome.txt")
        }
    }

    @Test func `answers 401 with scope to everything without a token, before it reads the body`() async throws {
        try await ExampleClient.run { client in
            for body in ["{", "{}"] {
                let answer = try await client.post(bytes: Array(body.utf8), token: nil)
                #expect(answer.status == 401)
                #expect(
                    answer.field("WWW-Authenticate")?.hasPrefix("Bearer scope=\"files:read\", resource_metadata=")
                        == true)
                #expect(answer.field("Cache-Control") == "no-store")
            }
        }
    }

    @Test func `answers 401 as soon as the session has ended`() async throws {
        try await ExampleClient.run { client in
            client.grant("files:read")
            #expect(try await client.stateless("tools/list").status == 200)
            client.authorizationServer.change { $0.answers = [:] }
            let refused = try await client.stateless("tools/list")
            #expect(refused.status == 401)
            #expect(refused.field("WWW-Authenticate")?.contains("error=\"invalid_token\"") == true)
        }
    }

    @Test(arguments: [
        ("MCP-Protocol-Version", "2026-07-29"), ("Mcp-Method", "tools/list"), ("Mcp-Name", "list_files"),
        ("Mcp-Name", "=?base64?bGlzdF9maWxlcw==?="), ("Mcp-Name", "=?base64?c2VydmVyX3RpbWV=?="),
    ])
    func `answers -32020 when a header differs from the message`(name: String, value: String) async throws {
        try await ExampleClient.run { client in
            client.grant("")
            var fields = ["MCP-Protocol-Version": "2026-07-28", "Mcp-Method": "tools/call", "Mcp-Name": "server_time"]
            let message = ExampleClient.message("tools/call", ["name": "server_time"])
            let good = try await client.post(message, fields.map { ($0, $1) })
            #expect(good.status == 200)
            fields[name] = value
            let wrong = try await client.post(message, fields.map { ($0, $1) })
            #expect(wrong.status == 400)
            #expect(wrong.json?.errorCode == -32020)
            fields[name] = nil
            guard name != "MCP-Protocol-Version" else { return }
            #expect(try await client.post(message, fields.map { ($0, $1) }).json?.errorCode == -32020)
        }
    }

    @Test func `accepts a base64 name and refuses a repeated field`() async throws {
        try await ExampleClient.run { client in
            client.grant("")
            let message = ExampleClient.message("tools/call", ["name": "server_time"])
            let fields = [
                ("MCP-Protocol-Version", "2026-07-28"), ("Mcp-Method", "tools/call"),
                ("Mcp-Name", "=?base64?c2VydmVyX3RpbWU=?="),
            ]
            #expect(try await client.post(message, fields).status == 200)
            let doubled = try await client.post(message, fields + [("Mcp-Method", "tools/call")])
            #expect(doubled.json?.errorCode == -32020)
        }
    }

    @Test func `answers -32022 with what is spoken to an unknown version`() async throws {
        try await ExampleClient.run { client in
            client.grant("")
            let answer = try await client.post(
                ExampleClient.message("tools/list", version: "2099-01-01"),
                [("MCP-Protocol-Version", "2099-01-01"), ("Mcp-Method", "tools/list")])
            #expect(answer.status == 400)
            #expect(answer.json?.errorCode == -32022)
            let data = answer.json?["error"]?.object?["data"]?.object
            #expect(data?["supported"] == ["2026-07-28"])
            #expect(data?["requested"] == "2099-01-01")
        }
    }

    @Test func `answers -32602 to a message without its envelope and 404 to an unknown method`() async throws {
        try await ExampleClient.run { client in
            client.grant("")
            let fields = [("MCP-Protocol-Version", "2026-07-28"), ("Mcp-Method", "tools/list")]
            let bare = try await client.post(["jsonrpc": "2.0", "id": 1, "method": "tools/list"], fields)
            #expect(bare.status == 400)
            #expect(bare.json?.errorCode == -32602)
            for method in ["initialize", "ping", "nothing"] {
                let unknown = try await client.stateless(method)
                #expect(unknown.status == 404)
                #expect(unknown.json?.errorCode == -32601)
            }
        }
    }

    @Test func `accepts a notification and refuses a batch, a response and invalid JSON`() async throws {
        try await ExampleClient.run { client in
            client.grant("")
            let fields = [("MCP-Protocol-Version", "2026-07-28")]
            let notification = try await client.post(["jsonrpc": "2.0", "method": "notifications/cancelled"], fields)
            #expect(notification.status == 202)
            #expect(notification.body.isEmpty)
            for (body, code) in [
                ("[]", -32600), ("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}", -32600), ("{", -32700),
            ] {
                let answer = try await client.post(bytes: Array(body.utf8), fields)
                #expect(answer.status == 400)
                #expect(answer.json?.errorCode == Int64(code))
                #expect(answer.json?["id"] == .null)
            }
        }
    }
}
