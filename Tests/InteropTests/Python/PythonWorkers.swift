import Foundation
import JOSE
import TestSupport

/// Two processes of one MCP server in Python behind one port, which take turns.
struct PythonWorkers: Sendable {
    /// The first process; its identifier is the address of the port in front.
    let one: PythonServer
    let two: PythonServer
    /// The port in front.
    let port: Int

    /// Starts two processes of a program, which listen at `PORT`.
    static func start(
        _ program: String, environment: [String: String] = [:], in scene: Scene
    ) async throws -> PythonWorkers {
        let port = try await LoopbackPort.free()
        let server = "http://127.0.0.1:\(port)/mcp"
        let credentials = try await PythonServer.register(server, in: scene)
        func worker(_ log: String) async throws -> PythonServer {
            try await PythonServer.start(
                program, as: server, with: credentials, environment: environment, log: log, in: scene)
        }
        let workers = PythonWorkers(one: try await worker("one"), two: try await worker("two"), port: port)
        let balancer = try scene.stage.start(
            Workspace.python(), [Workspace.script("balancer.py")],
            environment: ["PORT": "\(port)", "BACKENDS": "\(workers.one.port) \(workers.two.port)"], log: "balancer")
        try await scene.stage.waitUntilReady("the balancer", balancer) {
            try await LoopbackHTTP(port: port).get("/.well-known/oauth-protected-resource/mcp")
        }
        return workers
    }

    /// The server of `docs/python.md` with its recipes.
    static func documented(in scene: Scene) async throws -> PythonWorkers {
        let text = try DocumentedServer.program("docs/python.md", recipes: true)
        let run = #"server.run("streamable-http")"#
        guard text.contains(run) else { throw StageFailure("the server of docs/python.md runs otherwise") }
        let worker = text.replacing(
            run, with: #"server.run("streamable-http", port=int(__import__("os").environ["PORT"]))"#)
        return try await start(scene.stage.write(worker, to: "notes.py"), in: scene)
    }

    /// Which of them got requests that called a tool, in their order.
    func turns(on stage: Stage) throws -> [String] {
        try stage.log("balancer").split(separator: "\n").filter { $0.contains(" tools/call ") }
            .compactMap { $0.split(separator: " ").last.map(String.init) }
    }
}
