import JOSE
import TestSupport

extension Scene {
    /// What the audit trail tells of a session, first things first. A line says who did what, what set it off, how Gatehouse
    /// knows, and what came of it.
    ///
    /// - Parameter evidence: `witnessed`, or `reported` for what lies in the MCP server's own chain.
    func story(of session: String, _ evidence: String = "witnessed") async throws -> [String] {
        try await records(of: session, evidence).map(line)
    }

    /// The records of a session behind such lines.
    func records(of session: String, _ evidence: String = "witnessed") async throws -> [JSONObject] {
        let records = try await gatehouse.json([
            "audit", "tail", "--count", "200", "--session", session, "--evidence", evidence,
        ])
        return (records.array ?? []).compactMap(\.object)
    }

    private func line(_ record: JSONObject) -> String {
        let words = [
            name(record["actor"]?.string), record["action"]?.string, record["initiator"]?.string,
            record["evidence"]?.string?.replacing(credentials.id, with: "server"), record["outcome"]?.string,
        ]
        return words.map { $0 ?? "-" }.joined(separator: ", ")
    }

    /// An actor by what it is; only the example server of this scene is called a server.
    private func name(_ actor: String?) -> String? {
        guard let actor else { return nil }
        if actor == credentials.id { return "server" }
        if actor.hasPrefix("usr_") { return "person" }
        if actor.hasPrefix("admin ") { return "admin" }
        return actor == "system" || actor.hasPrefix("res_") ? actor : "client"
    }

    /// Waits until the example server has logged a line that holds a text, and gives it.
    func logged(_ text: String) async throws -> String {
        for _ in 0..<600 {
            if let line = try stage.log("example").split(separator: "\n").first(where: { $0.contains(text) }) {
                return String(line)
            }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw StageFailure("the example server did not log '\(text)'")
    }
}

extension [String] {
    /// Without what stands twice in a row.
    var onceInARow: [String] {
        reduce(into: []) { lines, line in if lines.last != line { lines.append(line) } }
    }
}
