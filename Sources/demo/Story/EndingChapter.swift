import JOSE
import MCPClient

/// The end of the session: an admin revokes it, which stops the client and the MCP server's background job at once.
extension Story {
    /// The MCP server continues after the call has returned, in a job of the session.
    func workInBackground(_ tokens: Tokens) async throws {
        narrator.step("The MCP server continues in the background, in a job of the session")
        try await command(["resources", "policy", stage.example.url, "--action", "expenses.submit"], isShown: false)
        let trips: [JSON] = (1...50).map { .string("trip \($0)") }
        let answer = try await notebook.call("submit_expenses", ["expenses": .array(trips)], token: tokens.access)
        guard answer.status == 200, let text = answer.text, text.contains("as job job_") else {
            throw StoryFailure(expected: "a job to be opened", found: answer.text ?? "the status was \(answer.status)")
        }
        narrator.fact("submit_expenses", text)
        narrator.fact("MCP server's log", try await logged("Submitted expense 1 of"))
    }

    /// Shows the active sessions as an admin sees them; returns the only one.
    func list() async throws -> String {
        narrator.step("An admin lists the active sessions")
        try await command(["sessions", "list", "--state", "active"])
        let sessions = try await stage.gatehouse.objects(["sessions", "list", "--state", "active"])
        guard sessions.count == 1, let id = sessions.first?["id"]?.string else {
            throw StoryFailure(expected: "one active session", found: "\(sessions.count) were listed")
        }
        return id
    }

    /// Revokes the session, then checks that access token, refresh token and background job stop.
    func revoke(_ session: String, _ tokens: Tokens, _ discovery: Discovery) async throws {
        narrator.step("The admin revokes the session, effective immediately")
        try await command(["sessions", "revoke", session, "--reason", "'end of the demo'", "--yes"], isShown: false)
        let call = try await notebook.call("list_files", token: tokens.access)
        guard call.status == 401, let error = call.challenge?["error"] else {
            throw StoryFailure(expected: "the tool to refuse the token", found: "the status was \(call.status)")
        }
        narrator.fact("list_files", "401 \(error)")
        let (status, object) = try await notebook.refreshResponse(tokens, at: discovery)
        guard status == 400, object["error"] == "invalid_grant" else {
            throw StoryFailure(expected: "the refresh token to be refused", found: "the status was \(status)")
        }
        narrator.fact("refresh", "400 invalid_grant")
        try await showEvent("session-revoked")
        narrator.fact("MCP server's log", try await logged("Stopped job"))
    }

    /// Shows the session's audit records by initiator and verifies the chain.
    func audit(_ session: String) async throws {
        narrator.step("The audit trail separates the acts of human, model and server")
        let tail = ["audit", "tail", "--session", session]
        for initiator in ["human", "model", "server"] {
            try await command(tail + ["--initiator", initiator, "--count", "5"])
        }
        let last = try await stage.gatehouse.objects(tail + ["--count", "1"]).first
        guard last?["action"] == "action.evaluated", last?["outcome"] == "refused" else {
            throw StoryFailure(expected: "the job's denial as the last audit record", found: "it is another")
        }
        narrator.step("A hash chain makes every later change of the trail detectable")
        try await command(["audit", "verify"])
    }

    /// Runs a command and prints it, with its output if `isShown`.
    private func command(_ words: [String], isShown: Bool = true) async throws {
        narrator.command("gatehouse " + words.joined(separator: " "))
        let plain = words.map { $0.trimmingPrefix("'") }.map { $0.hasSuffix("'") ? $0.dropLast() : $0 }
        let printed = try await stage.gatehouse.command(plain.map(String.init))
        if isShown { narrator.detail(printed) }
    }

    /// The last line of the MCP server's log that contains `text`, from there on.
    private func logged(_ text: String) async throws -> String {
        var found: Substring?
        try await once("the MCP server to log '\(text)…'") {
            found = stage.bench.log("example").split(separator: "\n").last { $0.contains(text) }
            return found != nil
        }
        let line = found ?? ""
        return String(line[(line.firstRange(of: text)?.lowerBound ?? line.startIndex)...])
    }
}
