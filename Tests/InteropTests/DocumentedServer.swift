import Foundation
import TestSupport

/// A Python MCP server that stands in the documentation, run as it stands there.
struct DocumentedServer {
    let server: String
    let port: Int

    /// Runs the first Python block of a page.
    static func serve(_ page: String, in scene: Scene) async throws -> DocumentedServer {
        let text = try Workspace.text(page)
        guard let start = text.range(of: "```python\n"),
            let end = text[start.upperBound...].range(of: "\n```")
        else { throw StageFailure("\(page) has no Python block") }
        let program = try scene.stage.write(String(text[start.upperBound..<end.lowerBound]), to: "notes.py")
        let port = try await LoopbackPort.free()
        let server = "http://127.0.0.1:\(port)/mcp"
        let credentials = try await scene.gatehouse.addResource(
            server, name: "Notes", scopes: ["notes:read=Read your notes"])
        let process = try scene.stage.start(
            Workspace.python(), [program],
            environment: [
                "GATEHOUSE": scene.gatehouse.issuer, "RESOURCE": server, "PORT": "\(port)",
                "CLIENT_ID": credentials.id, "CLIENT_SECRET": credentials.secret,
            ], log: "notes")
        try await scene.stage.waitUntilReady("the server of \(page)", process) {
            try await LoopbackHTTP(port: port).get("/.well-known/oauth-protected-resource/mcp")
        }
        return DocumentedServer(server: server, port: port)
    }
}
