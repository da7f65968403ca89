import JOSE
import TestSupport

/// Gatehouse with the user `ada` and the example MCP server that delegates to it.
struct Scene: Sendable {
    let stage: Stage
    let gatehouse: RunningGatehouse
    /// The example server's resource identifier, which is also its address.
    let server: String
    /// How the example server proves itself to Gatehouse.
    let credentials: Credentials

    /// What `gatehouse resources add` handed out.
    struct Credentials: Sendable {
        let id: String
        let secret: String
    }

    static let password = "correct horse battery staple"

    /// How the example server learns that a user has acted.
    enum News: Sendable {
        /// It asks, and is held.
        case polled
        /// Gatehouse pushes events to it, which it has verified by now.
        case pushed
    }

    /// Plays a test with both servers running.
    static func play<Result>(
        news: News = .polled, isSecure: Bool = false, example: [String] = [], _ test: (Scene) async throws -> Result
    ) async throws -> Result {
        try await Stage.play { try await test(set(on: $0, news: news, isSecure: isSecure, example: example)) }
    }

    /// Starts both servers.
    ///
    /// - Parameters:
    ///   - settings: more lines of Gatehouse's configuration file.
    ///   - isSecure: whether the example server speaks https.
    ///   - example: more arguments of the example server.
    static func set(
        on stage: Stage, settings: String = "", news: News = .polled, isSecure: Bool = false, example: [String] = []
    ) async throws -> Scene {
        let gatehouse = try await RunningGatehouse.start(on: stage, settings: settings)
        _ = try await gatehouse.object(["users", "add", "ada", "--password-stdin"], input: password + "\n")
        let port = try await LoopbackPort.free()
        let origin = "\(isSecure ? "https" : "http")://127.0.0.1:\(port)"
        let server = origin + "/mcp"
        let files = try TestAuthority.shared.get().files(of: "localhost")
        let credentials = try await gatehouse.addResource(
            server, name: "Files", scopes: ["files:read=Read your files", "files:write=Change your files"],
            onRequest: ["files:write"])
        let process = try stage.start(
            Workspace.program("example-mcp-server"),
            [
                "--listen", "127.0.0.1:\(port)", "--resource", server, "--issuer", gatehouse.issuer,
                "--client-id", credentials.id,
            ] + example + (isSecure ? ["--certificate", files.certificate, "--key", files.key] : [])
                + (news == .pushed ? ["--events", "push"] : []),
            environment: ["EXAMPLE_CLIENT_SECRET": credentials.secret], log: "example")
        try await stage.waitUntilReady("example-mcp-server", process) {
            try await TestAuthority.get(origin + "/.well-known/oauth-protected-resource/mcp")
        }
        if news == .pushed { try await gatehouse.push(to: "http://127.0.0.1:\(port)/events", of: server) }
        return Scene(stage: stage, gatehouse: gatehouse, server: server, credentials: credentials)
    }

    /// The sessions that Gatehouse knows, as an admin sees them.
    func sessions(_ filter: String...) async throws -> [JSONObject] {
        try await gatehouse.json(["sessions", "list"] + filter).array?.compactMap(\.object) ?? []
    }
}

extension RunningGatehouse {
    /// Registers an MCP server.
    func addResource(
        _ identifier: String, name: String, scopes: [String], onRequest: [String] = []
    ) async throws -> Scene.Credentials {
        let added = try await object(
            ["resources", "add", identifier, "--name", name, "--owner", "Grace Hopper"]
                + scopes.flatMap { ["--scope", $0] } + onRequest.flatMap { ["--on-request", $0] })
        guard let id = added["client_id"]?.string, let secret = added["client_secret"]?.string else {
            throw StageFailure("`resources add` gave no credentials")
        }
        return Scene.Credentials(id: id, secret: secret)
    }

    /// Has the events of an MCP server pushed, and waits until its endpoint has shown that it wants them.
    func push(to endpoint: String, of resource: String) async throws {
        _ = try await object(["resources", "policy", resource, "--events-endpoint", endpoint])
        for _ in 0..<400 {
            if try await object(["resources", "policy", resource])["events"] == "active" { return }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw StageFailure("the events endpoint did not bring back what the verification event said")
    }

    /// Registers a client; the answer is what `clients add` prints.
    func addClient(
        redirect: String = SDKClient.redirect, authentication: String = "none"
    ) async throws -> JSONObject {
        try await object([
            "clients", "add", "--name", "Notebook", "--redirect-uri", redirect, "--auth", authentication,
        ])
    }
}
