import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import Storage
import StorageSupport
import TestSupport

extension Harness {
    /// What the operator lists for the first MCP server in these tests.
    static let listed: [(String, ServerAction.Rule, ScopeSet)] = [
        ("expenses.submit", .allow, []), ("books.close", .ask, []), ("files.purge", .allow, [Self.writing]),
    ]
    private static let writing: Scope = {
        guard let scope = try? Scope("files:write") else { preconditionFailure("a valid scope") }
        return scope
    }()

    /// Lists actions for the first MCP server, as an operator does.
    func list(_ actions: [(String, ServerAction.Rule, ScopeSet)] = Self.listed) async throws {
        let rules = try actions.map { ServerAction(name: try ActionName($0.0), rule: $0.1, scope: $0.2) }
        try await gatehouse.store.write { [id = resource.id] in try $0.resources.set(rules, of: id) }
    }

    /// Opens a job; nil takes a member out, others replace or add one.
    func openJob(
        _ token: String, _ changes: [String: JSON?] = [:], as server: AskingServer? = nil
    ) async throws -> TestResponse {
        var body: JSONObject = [
            "subject_token": .string(token), "actions": ["expenses.submit", "books.close"],
            "purpose": "File the expenses of November", "expires_at": .string((clock.now + 3_600).rfc3339),
        ]
        for (name, value) in changes { body[name] = value }
        return try await call(.post, "/jobs", body, as: server)
    }

    /// Asks whether an action may be done, by default on one report.
    func evaluate(
        _ type: String, _ id: String, _ action: String = "expenses.submit", report: String = "R-1",
        _ changes: [String: JSON?] = [:], as server: AskingServer? = nil, headers: HTTPFields = [:]
    ) async throws -> TestResponse {
        var body: JSONObject = [
            "subject": ["type": .string(type), "id": .string(id)],
            "action": ["name": .string(action), "properties": ["amount": "12.50"]],
            "resource": ["type": "report", "id": .string(report)],
        ]
        for (name, value) in changes { body[name] = value }
        return try await call(.post, "/access/v1/evaluation", body, as: server, headers: headers)
    }

    /// A job in the database, as it stands there.
    func storedJob(_ answer: TestResponse) async throws -> Job? {
        guard let id = answer.json["id"]?.string.flatMap({ JobID($0) }) else { return nil }
        return try await gatehouse.store.read { try $0.jobs.find(id) }
    }

    /// What is on record in the first MCP server's own chain, the latest first.
    func reports() async throws -> [AuditRecord] {
        try await gatehouse.store.read { [id = resource.id] in
            try $0.audit.tail(.reported(id), AuditFilter(), limit: 50)
        }
    }

    /// Ends the latest session as an admin does.
    func endLatestSession() async throws {
        guard let session = try await sessions().last else { return }
        _ = try await gatehouse.store.write { [now = clock.now] in try $0.sessions.end(session.id, .byAdmin(at: now)) }
    }
}
