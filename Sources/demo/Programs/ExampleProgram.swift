import JOSE
import MCPClient
import Outbound

/// The demo's MCP server, which delegates authorization to Gatehouse.
struct ExampleProgram {
    let url: String
    /// The URL of its events endpoint.
    let events: String
    private let port: Int

    init() throws {
        port = try FreePort.find()
        url = "http://127.0.0.1:\(port)/mcp"
        events = "http://127.0.0.1:\(port)/events"
    }

    /// Starts the server with the credentials from `resources add` and waits until it answers.
    func serve(
        issuer: String, credentials: JSONObject, asking client: OperatorClient, on bench: Workbench
    ) async throws {
        guard let id = credentials["client_id"]?.string, let secret = credentials["client_secret"]?.string else {
            throw StoryFailure(expected: "a client id and a secret for the MCP server", found: "the output lacks them")
        }
        let child = try bench.start(
            try Workbench.sibling("example-mcp-server"),
            [
                "--listen", "127.0.0.1:\(port)", "--resource", url, "--issuer", issuer, "--client-id", id,
                "--events", "push", "--pace", "1",
            ],
            environment: ["EXAMPLE_CLIENT_SECRET": secret], log: "example")
        let metadata = "http://127.0.0.1:\(port)/.well-known/oauth-protected-resource/mcp"
        try await Readiness.wait(for: "example", child, at: metadata, asking: client, on: bench)
    }
}

/// Waits until a program that was just started answers with 200.
enum Readiness {
    static func wait(
        for name: String, _ child: ChildProgram, at address: String, asking client: OperatorClient,
        on bench: Workbench
    ) async throws {
        let url = try RemoteURL(operator: address)
        for _ in 0..<600 {
            if let response = try? await client.get(url), response.status == 200 { return }
            guard child.isRunning else {
                throw StoryFailure(expected: "\(name) to start", found: "it ended:\n\(bench.endOfLog(name))")
            }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw StoryFailure(expected: "\(name) to be ready within 30 seconds", found: "it was not")
    }
}
