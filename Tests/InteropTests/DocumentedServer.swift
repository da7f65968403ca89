import Foundation
import TestSupport

/// A Python MCP server that stands in the documentation, run as it stands there.
struct DocumentedServer {
    let server: String
    let port: Int

    /// Runs the first Python block of a page, on a machine whose clock is `behind` by so many seconds; `provingKeys` with the two
    /// lines and the module that the page shows for bound tokens.
    static func serve(
        _ page: String, behind: Int = 0, provingKeys: Bool = false, in scene: Scene
    ) async throws -> DocumentedServer {
        let blocks = try blocks(of: page)
        guard var block = blocks.first else { throw StageFailure("\(page) has no Python block") }
        if provingKeys {
            guard let module = blocks.first(where: { $0.contains("class Proofs") }),
                let lines = blocks.first(where: { $0.contains("import Proofs") })?.split(separator: "\n"),
                lines.count == 4
            else { throw StageFailure("\(page) has no module for proofs, or no lines that use it") }
            _ = try scene.stage.write(module, to: "proofs.py")
            for (old, new) in zip(["if not claims", "server.run("], lines.suffix(2)) {
                block = block.components(separatedBy: "\n").map { line -> String in
                    let code = line.drop { $0 == " " }
                    guard code.hasPrefix(old) else { return line }
                    return String(repeating: " ", count: line.count - code.count) + String(new.drop { $0 == " " })
                }.joined(separator: "\n")
            }
            block = lines.prefix(2).joined(separator: "\n") + "\n" + block
        }
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
