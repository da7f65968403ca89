import JOSE
import TestSupport

/// An MCP server on the Python package, in a process of its own.
struct PythonServer: Sendable {
    /// Its resource identifier, which is the address that clients use.
    let server: String
    /// The port at which this process listens.
    let port: Int
    let credentials: Scene.Credentials

    /// Registers one with two scopes, of which one is on request.
    static func register(_ server: String, in scene: Scene) async throws -> Scene.Credentials {
        try await scene.gatehouse.addResource(
            server, name: "Notes", scopes: ["notes:read=Read your notes", "notes:write=Change your notes"],
            onRequest: ["notes:write"])
    }

    /// Starts a program and waits until it serves. Without `server` it is registered at the port at which it listens.
    static func start(
        _ program: String, as server: String? = nil, with credentials: Scene.Credentials? = nil,
        environment: [String: String] = [:], at chosen: Int? = nil, log: String = "notes", in scene: Scene
    ) async throws -> PythonServer {
        let port = if let chosen { chosen } else { try await LoopbackPort.free() }
        let server = server ?? "http://127.0.0.1:\(port)/mcp"
        let known = if let credentials { credentials } else { try await register(server, in: scene) }
        var variables = [
            "PYTHONPATH": "\(Workspace.root)/Sources/Python", "PYTHONDONTWRITEBYTECODE": "1", "PORT": "\(port)",
            "GATEHOUSE_ISSUER": scene.gatehouse.issuer, "GATEHOUSE_RESOURCE": server, "GATEHOUSE_CLIENT_ID": known.id,
        ]
        // One with a key has no secret.
        if !known.secret.isEmpty { variables["GATEHOUSE_CLIENT_SECRET"] = known.secret }
        let process = try scene.stage.start(
            Workspace.python(), [program], environment: variables.merging(environment) { $1 }, log: log)
        try await scene.stage.waitUntilReady("the Python server", process) {
            try await LoopbackHTTP(port: port).get("/.well-known/oauth-protected-resource/mcp")
        }
        return PythonServer(server: server, port: port, credentials: known)
    }

    /// Allows kinds of elicitations, or other parts of the policy.
    func allow(_ options: [String], in scene: Scene) async throws {
        _ = try await scene.gatehouse.object(["resources", "policy", server] + options)
    }

    /// The scene with this server in place of the example.
    func scene(_ scene: Scene) -> Scene {
        Scene(stage: scene.stage, gatehouse: scene.gatehouse, server: server, credentials: credentials)
    }
}
