import Foundation
import JOSE
import Testing

@testable import example_mcp_server

@Suite("The example server's endpoint")
struct ExampleServerTests {
    @Test(arguments: ["evil.example", "127.0.0.1:10", "localhost:9", ""])
    func `refuses a request with another Host`(host: String) async throws {
        try await ExampleClient.run { client in
            client.grant("")
            let answer = try await client.post(["jsonrpc": "2.0", "id": 1, "method": "ping"], host: host)
            #expect(answer.status == 421 || answer.status == 400)
            #expect(client.authorizationServer.hits("/introspect") == 0)
        }
    }

    @Test func `refuses pages of other origins, even with a token`() async throws {
        try await ExampleClient.run { client in
            client.grant("")
            let ping: JSON = ["jsonrpc": "2.0", "id": 1, "method": "ping"]
            for (origin, status) in [("http://evil.example", 403), ("null", 403), ("http://127.0.0.1:9", 200)] {
                let answer = try await client.post(ping, [("Origin", origin)])
                #expect(answer.status == status)
            }
        }
    }

    @Test func `serves its metadata to every origin`() async throws {
        try await ExampleClient.run { client in
            var request = RawHTTP(method: "GET", path: "/.well-known/oauth-protected-resource/mcp")
            request.fields = [("Host", ExampleClient.host), ("Origin", "http://inspector.example")]
            let answer = try await request.send(to: client.port)
            #expect(answer.status == 200)
            #expect(answer.field("Content-Type") == "application/json")
            #expect(answer.field("Access-Control-Allow-Origin") == "*")
            #expect(answer.json?["authorization_servers"] == [.string(client.authorizationServer.issuer)])
            request.method = "HEAD"
            #expect(try await request.send(to: client.port).status == 200)
        }
    }

    @Test func `refuses a body beyond 64 KiB and any type other than JSON`() async throws {
        try await ExampleClient.run { client in
            client.grant("")
            let big = [UInt8](repeating: UInt8(ascii: " "), count: 64 * 1024 + 1)
            let tooBig = try await client.post(bytes: big)
            #expect(tooBig.status == 413)
            let foreign = try await client.post(bytes: Array("{}".utf8), type: "text/plain")
            #expect(foreign.status == 415)
        }
    }

    @Test func `answers 400 to two tokens`() async throws {
        try await ExampleClient.run { client in
            let answer = try await client.post(
                ["jsonrpc": "2.0", "id": 1, "method": "ping"], [("Authorization", "Bearer u")])
            #expect(answer.status == 400)
        }
    }

    @Test func `answers 503 while introspection is unavailable`() async throws {
        try await ExampleClient.run { client in
            client.authorizationServer.change { $0.isDown = true }
            let answer = try await client.post(["jsonrpc": "2.0", "id": 1, "method": "ping"])
            #expect(answer.status == 503)
            #expect(answer.field("Retry-After") == "5")
        }
    }
}

@Suite("The example server's command line")
struct OptionsTests {
    @Test func `derives its URL from the listen address`() throws {
        let options = try Options(
            ["--listen", "127.0.0.1:8123", "--client-id", "res_1"], environment: ["EXAMPLE_CLIENT_SECRET": "s"])
        #expect(options.resource == "http://127.0.0.1:8123/mcp")
        #expect(options.clientSecret == "s")
        let secure = try Options(
            ["--certificate", "/nonexistent", "--key", "/nonexistent", "--verify", "local"], environment: [:])
        #expect(secure.resource == "https://127.0.0.1:8090/mcp")
        #expect(throws: UsageError.self) { try secure.transport }
    }

    @Test(arguments: [
        ["--nonsense", "x"], ["--listen", "8090"], ["--listen"], ["stray"], ["--verify", "never"], [],
        ["--verify", "local", "--certificate", "/a"], ["--verify", "local", "--key", "/a"],
        ["--verify", "local", "--dpop", "never"], ["--verify", "local", "--upstream", "http://127.0.0.1:1/"],
        ["--verify", "local", "--provider", "hub"],
        ["--client-secret-file", "/nonexistent/secret"],
    ])
    func `refuses unknown options and values`(arguments: [String]) {
        #expect(throws: UsageError.self) { try Options(arguments, environment: [:]) }
    }

    @Test func `reads the secret from a file without its last newline`() throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "secret-\(UUID().uuidString)")
        try "gate_s_y\n".write(to: file, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: file) }
        let options = try Options(["--client-id", "a", "--client-secret-file", file.path], environment: [:])
        #expect(options.clientSecret == "gate_s_y")
    }
}
