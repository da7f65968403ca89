import JOSE
import Outbound
import TestSupport
import Testing

/// A user with Chromium goes from the page of Gatehouse to that of the example server, and pays there.
@Suite("In the browser: the example's own page")
struct PaymentWalkTests {
    /// The example server of this house, over HTTPS.
    private struct Example {
        let origin: String
        let client: OperatorClient

        init(in house: House, on port: Int) async throws {
            let files = try TestAuthority.shared.get().files(of: "localhost")
            origin = "https://127.0.0.1:\(port)"
            client = OperatorClient(roots: try TestAuthority.roots(), patience: 40, connections: 4)
            let process = try house.stage.start(
                Workspace.program("example-mcp-server"),
                [
                    "--listen", "127.0.0.1:\(port)", "--issuer", house.gatehouse.issuer, "--client-id",
                    house.credentials.id, "--certificate", files.certificate, "--key", files.key,
                ], environment: ["EXAMPLE_CLIENT_SECRET": house.credentials.secret], log: "example")
            try await house.stage.waitUntilReady("example-mcp-server", process) { [origin] in
                try await TestAuthority.get(origin + "/.well-known/oauth-protected-resource/mcp")
            }
        }

        /// Calls the tool as a client of 2026-07-28 does, with the request state if there is one.
        func pay(_ token: String, bringing state: JSON? = nil) async throws -> JSONObject? {
            var parameters: JSONObject = [
                "name": "pay", "arguments": ["purpose": "tea & <b>cake</b>", "euros": 3],
                "_meta": [
                    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                    "io.modelcontextprotocol/clientCapabilities": ["elicitation": ["url": [:]]],
                ],
            ]
            parameters["requestState"] = state
            if state != nil { parameters["inputResponses"] = ["link": ["action": "accept"]] }
            let message: JSONObject = [
                "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": .object(parameters),
            ]
            let answer = try await client.post(
                RemoteURL(operator: origin + "/mcp"), body: message.bytes, contentType: "application/json",
                fields: [
                    ("Authorization", "Bearer \(token)"), ("MCP-Protocol-Version", "2026-07-28"),
                    ("Mcp-Method", "tools/call"), ("Mcp-Name", "pay"), ("Accept", "application/json"),
                ])
            return try JSONObject(parsing: answer.body)["result"]?.object
        }
    }

    @Test func `the ticket leaves the URL, the page can be reloaded, and the button pays`() async throws {
        let port = try await LoopbackPort.free()
        try await House.play(as: "https://127.0.0.1:\(port)/mcp") { house in
            _ = try await house.gatehouse.object([
                "resources", "policy", house.credentials.id, "--elicitation", "external", "--external-host",
                "127.0.0.1:\(port)",
            ])
            let example = try await Example(in: house, on: port)
            try await house.browser.open(trusting: true)
            let token = try await house.token(through: house.client())
            let asked = try #require(try await example.pay(token))
            let link = asked["inputRequests"]?.object?["link"]?.object?["params"]?.object?["url"]?.string ?? ""
            let page = try await house.browser.go(to: link)
            #expect(page.text.contains("127.0.0.1:\(port)"))
            try await house.browser.press(Browser.approve)
            let desk = try await house.browser.arrive(at: example.origin + "/pay")
            #expect(desk.text.contains("Pay 3 €") && desk.text.contains("tea & <b>cake</b>"))
            #expect(!desk.address.contains("ticket"))
            #expect(desk.overflow <= 0 && desk.unlabelled.isEmpty && desk.complaints.isEmpty)
            #expect(try await house.browser.go(to: desk.address).text.contains("Pay 3 €"))
            let end = try await house.browser.press(Browser.approve)
            #expect(end.text.contains("Paid"), "\(end.text)")
            let result = try await example.pay(token, bringing: asked["requestState"])
            let text = result?["content"]?.array?.first?.object?["text"]?.string
            #expect(text?.hasPrefix("Paid 3 € for tea") == true, "\(text ?? "")")
        }
    }
}
