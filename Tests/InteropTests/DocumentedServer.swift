import Foundation
import TestSupport

/// Python MCP servers that stand in the documentation, run as they stand there.
enum DocumentedServer {
    /// Runs the first Python block of a page, on a machine whose clock is `behind` by so many seconds, with the recipes of the page
    /// that define tools if there are to be `recipes`.
    static func serve(
        _ page: String, behind: Int = 0, recipes: Bool = false, in scene: Scene
    ) async throws -> PythonServer {
        let text = try (behind == 0 ? "" : clock(behind)) + program(page, recipes: recipes)
        return try await PythonServer.start(scene.stage.write(text, to: "notes.py"), in: scene)
    }

    /// The first Python block of a page, with the recipes that define tools if there are to be `recipes`.
    static func program(_ page: String, recipes: Bool = false) throws -> String {
        var blocks = try blocks(of: page)
        guard !blocks.isEmpty else { throw StageFailure("\(page) has no Python block") }
        let first = blocks.removeFirst()
        let more = recipes ? blocks.filter { $0.contains("@server.tool()") && !$0.contains("MemoryGatehouse") } : []
        // The last lines of the first block serve, and do not come back.
        let parts = first.components(separatedBy: "if __name__")
        return ([parts[0]] + more + parts.dropFirst().map { "if __name__" + $0 }).joined(separator: "\n\n")
    }

    /// The Python blocks of a page.
    static func blocks(of page: String) throws -> [String] {
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
