import Foundation
import TestSupport

/// A Python MCP server that stands in the documentation, run as it stands there.
struct DocumentedServer {
    let server: String
    let port: Int

    /// Runs the first Python block of a page, on a machine whose clock is `behind` by so many seconds.
    static func serve(_ page: String, behind: Int = 0, in scene: Scene) async throws -> DocumentedServer {
        let text = try Workspace.text(page)
        guard let start = text.range(of: "```python\n"),
            let end = text[start.upperBound...].range(of: "\n```")
        else { throw StageFailure("\(page) has no Python block") }
        let block = String(text[start.upperBound..<end.lowerBound])
        let program = try scene.stage.write((behind == 0 ? "" : clock(behind)) + block, to: "notes.py")
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

    /// Sets back the clock by which the JWT library judges.
    private static func clock(_ seconds: Int) -> String {
        """
        import datetime
        import jwt.api_jwt


        class Late(datetime.datetime):
            @classmethod
            def now(cls, tz=None):
                return super().now(tz) - datetime.timedelta(seconds=\(seconds))


        jwt.api_jwt.datetime = Late

        """
    }
}
