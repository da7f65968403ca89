import Foundation
import TestSupport

/// A Python MCP server that stands in the documentation, run as it stands there.
struct DocumentedServer {
    let server: String
    let port: Int
    let credentials: Scene.Credentials

    /// Runs the first Python block of a page, on a machine whose clock is `behind` by so many seconds, with the recipes of the page
    /// that define tools if there are to be `recipes`.
    static func serve(
        _ page: String, behind: Int = 0, recipes: Bool = false, in scene: Scene
    ) async throws -> DocumentedServer {
        var blocks = try blocks(of: page)
        guard !blocks.isEmpty else { throw StageFailure("\(page) has no Python block") }
        let first = blocks.removeFirst()
        let more = recipes ? blocks.filter { $0.contains("@server.tool()") && !$0.contains("MemoryGatehouse") } : []
        // The last lines of the first block serve, and do not come back.
        let parts = first.components(separatedBy: "if __name__")
        let text = ([parts[0]] + more + parts.dropFirst().map { "if __name__" + $0 }).joined(separator: "\n\n")
        let program = try scene.stage.write((behind == 0 ? "" : clock(behind)) + text, to: "notes.py")
        let port = try await LoopbackPort.free()
        let server = "http://127.0.0.1:\(port)/mcp"
        let credentials = try await scene.gatehouse.addResource(
            server, name: "Notes", scopes: ["notes:read=Read your notes", "notes:write=Change your notes"],
            onRequest: ["notes:write"])
        let process = try scene.stage.start(
            Workspace.python(), [program],
            environment: [
                "PYTHONPATH": "\(Workspace.root)/Sources/Python", "GATEHOUSE_ISSUER": scene.gatehouse.issuer,
                "GATEHOUSE_RESOURCE": server, "GATEHOUSE_CLIENT_ID": credentials.id,
                "GATEHOUSE_CLIENT_SECRET": credentials.secret,
            ], log: "notes")
        try await scene.stage.waitUntilReady("the server of \(page)", process) {
            try await LoopbackHTTP(port: port).get("/.well-known/oauth-protected-resource/mcp")
        }
        return DocumentedServer(server: server, port: port, credentials: credentials)
    }

    /// The Python blocks of a page.
    private static func blocks(of page: String) throws -> [String] {
        try Workspace.text(page).components(separatedBy: "```python\n").dropFirst().compactMap {
            $0.components(separatedBy: "\n```").first
        }
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
