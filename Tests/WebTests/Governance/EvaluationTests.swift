import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

@Suite("AuthZEN: evaluations of actions")
struct EvaluationTests {
    private static let no = #"{"decision":false}"#

    @Test func `an action that is not listed is denied, and each decision is recorded`() async throws {
        try await Harness.run { h in
            let token = try await h.tokens().access
            let unlisted = try await h.evaluate("access_token", token)
            #expect(unlisted.text == #"{"decision":false,"context":{"reason":"not_allowed"}}"#)
            try await h.list()
            let allowed = try await h.evaluate("access_token", token)
            #expect(allowed.status == .ok && allowed.text == #"{"decision":true}"#)
            let job = try #require(try await h.storedJob(h.openJob(token)))
            #expect(try await h.evaluate("job", job.id.string).json["decision"] == true)
            for (action, reason) in [("files.purge", "not_in_job"), ("files.burn", "not_allowed")] {
                let answer = try await h.evaluate("job", job.id.string, action)
                #expect(answer.json["decision"] == false)
                #expect(answer.json["context"]?.object?["reason"]?.string == reason)
            }
            let scope = try await h.evaluate("access_token", token, "files.purge")
            #expect(scope.json["context"]?.object?["reason"] == "insufficient_scope")
            let records = try await h.records(.actionEvaluated).reversed()
            #expect(
                records.map(\.reason) == [
                    "not_allowed", "allowed expenses.submit", "allowed expenses.submit", "not_in_job files.purge",
                    "not_allowed", "insufficient_scope files.purge",
                ])
            #expect(records.map(\.outcome) == [.refused, .success, .success, .refused, .refused, .refused])
            #expect(records.allSatisfy { $0.initiator == .server && $0.evidence == .witnessed })
            #expect(records.allSatisfy { $0.actor == .resource(h.resource.id) && $0.user == h.user.id })
            #expect(records.map(\.correlation) == [nil, nil] + [job.id.string, job.id.string, job.id.string] + [nil])
            #expect(records.first?.explanation == "expenses.submit on report R-1")
        }
    }

    @Test func `the actions of another MCP server do not count`() async throws {
        try await Harness.run { h in
            let token = try await h.tokens().access
            let other = try await h.addServer("https://other.example/mcp")
            let rules = [ServerAction(name: try ActionName("books.close"), rule: .allow)]
            try await h.gatehouse.store.write { try $0.resources.set(rules, of: other.resource.id) }
            let unlisted = try await h.evaluate("access_token", token, "books.close")
            #expect(unlisted.json["context"]?.object?["reason"] == "not_allowed")
            try await h.list()
            let asked = try await h.evaluate("access_token", token, "books.close")
            #expect(asked.json["context"]?.object?["reason"] == "approval_required")
            // Names are names: no other case, no other spelling of the same look.
            for name in ["Expenses.submit", "expenses.submit ", "EXPENSES.SUBMIT"] {
                #expect(try await h.evaluate("access_token", token, name).json["decision"] != true, "\(name)")
            }
            let lookalike = try await h.evaluate("access_token", token, "expen\u{17F}es.submit")
            #expect(lookalike.status == .badRequest)
        }
    }

    @Test func `a narrowed token allows no more than it says, nor does the job that was opened with it`()
        async throws
    {
        try await Harness.run { h in
            try await h.list()
            let wide = try await h.tokens(scopes: ["files:read", "files:write"], asking: "files:read files:write")
            #expect(try await h.evaluate("access_token", wide.access, "files.purge").json["decision"] == true)
            let narrow = try await h.refresh(wide.refresh, ["scope": "files:read"]).tokens
            #expect(narrow.scope == "files:read")
            let denied = try await h.evaluate("access_token", narrow.access, "files.purge")
            #expect(denied.json["context"]?.object?["reason"] == "insufficient_scope")
            #expect(try await h.openJob(narrow.access, ["actions": ["files.purge"]]).error == "access_denied")
            let job = try #require(try await h.storedJob(h.openJob(narrow.access)))
            #expect(try await h.evaluate("job", job.id.string).json["decision"] == true)
            try await h.list(Harness.listed.map { ($0.0, $0.1, try ScopeSet(parsing: "files:write")) })
            let late = try await h.evaluate("job", job.id.string)
            #expect(late.json["context"]?.object?["reason"] == "insufficient_scope")
        }
    }

    @Test func `an unknown, foreign, expired or malformed job or token gets the same denial`()
        async throws
    {
        try await Harness.run { h in
            try await h.list()
            let token = try await h.tokens().access
            let job = try #require(try await h.storedJob(h.openJob(token)))
            let other = try await h.addServer("https://other.example/mcp")
            let rules = [ServerAction(name: try ActionName("expenses.submit"), rule: .allow)]
            try await h.gatehouse.store.write { try $0.resources.set(rules, of: other.resource.id) }
            var answers = [
                try await h.evaluate("job", job.id.string, as: other),
                try await h.evaluate("job", JobID.random().string),
                try await h.evaluate("job", "job_1"), try await h.evaluate("job", job.sessionID.string),
                try await h.evaluate("access_token", token, as: other), try await h.evaluate("access_token", "x"),
                try await h.evaluate("access_token", job.id.string), try await h.evaluate("job", token),
            ]
            #expect(try await h.records(.actionEvaluated).isEmpty)
            _ = try await h.call(.delete, "/jobs/\(job.id)")
            answers.append(try await h.evaluate("job", job.id.string))
            h.clock.advance(by: 600)
            answers.append(try await h.evaluate("access_token", token))
            let fresh = try await h.tokens().access
            let second = try #require(try await h.storedJob(h.openJob(fresh)))
            try await h.endLatestSession()
            answers.append(try await h.evaluate("access_token", fresh))
            answers.append(try await h.evaluate("job", second.id.string))
            for answer in answers {
                #expect(answer.status == .ok && answer.text == Self.no)
                #expect(answer.headers[.cacheControl] == "no-store")
            }
            // That it went on asking for jobs of its own that are over is on record; the rest proves nothing.
            let records = try await h.records(.actionEvaluated)
            #expect(records.map(\.correlation) == [second.id.string, job.id.string])
            #expect(records.allSatisfy { $0.outcome == .refused && $0.reason == "the job has ended" })
        }
    }

    @Test func `a user's approval allows the action once`() async throws {
        try await Harness.run { h in
            try await h.list()
            let job = try #require(try await h.storedJob(h.openJob(try await h.tokens().access)))
            func ask(_ report: String = "R-1") async throws -> TestResponse {
                try await h.evaluate(
                    "job", job.id.string, "books.close", report: report,
                    ["context": ["message": "The month is over.", "summary": "Close the books of November"]])
            }
            let wanting = try await ask()
            #expect(wanting.json["decision"] == false)
            #expect(wanting.json["context"]?.object?["reason"] == "approval_required")
            let shown = try #require(wanting.json["context"]?.object?["elicitation"]?.object)
            let id = try #require(shown["id"]?.string.flatMap { ElicitationID($0) })
            let asked = try #require(try await h.gatehouse.store.read { try $0.elicitations.find(id) })
            #expect(asked.sessionID == job.sessionID && asked.resourceID == h.resource.id)
            #expect(asked.message == "The month is over.")
            guard let action = asked.ask(ConfirmRequest.self)?.action else {
                Issue.record("another kind")
                return
            }
            #expect(action.summary == "Close the books of November")
            #expect(action.details.map(\.value) == ["R-1", job.purpose])
            #expect(action.arguments?["properties"]?.object?["amount"] == "12.50")
            #expect(try await ask().body == wanting.body)
            #expect(try await h.records(.elicitationCreated).count == 1)
            let now = h.clock.now
            _ = try await h.gatehouse.store.write { [user = h.user.id] in
                try $0.elicitations.finish(id, as: .completed(by: user, authTime: now), now: now)
            }
            #expect(try await ask("R-2").json["decision"] == false)
            // Of many at once one gets it.
            let decisions = try await withThrowingTaskGroup(of: Bool.self) { group in
                for _ in 0..<8 { group.addTask { try await ask().json["decision"] == true } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(decisions.filter { $0 }.count == 1)
            #expect(try await h.gatehouse.store.read { try $0.elicitations.find(id) }?.collectedAt == now)
            #expect(
                try await h.records(.actionEvaluated).filter { $0.outcome == .success }.map(\.reason) == [
                    "approved books.close"
                ])
            #expect(try await h.call(.post, "/elicitations/\(id)/result").error == "already_collected")
            #expect(try await ask().json["context"]?.object?["reason"] == "approval_required")
        }
    }

    @Test func `an approval of another session, and one that may not be asked for, allow nothing`() async throws {
        try await Harness.run { h in
            try await h.list()
            let first = try await h.tokens().access
            let wanting = try await h.evaluate("access_token", first, "books.close")
            let shown = try #require(wanting.json["context"]?.object?["elicitation"]?.object)
            let id = try #require(shown["id"]?.string.flatMap { ElicitationID($0) })
            _ = try await h.gatehouse.store.write { [user = h.user.id, now = h.clock.now] in
                try $0.elicitations.finish(id, as: .completed(by: user, authTime: now), now: now)
            }
            let second = try await h.tokens().access
            #expect(try await h.evaluate("access_token", second, "books.close").json["decision"] == false)
            try await h.gatehouse.store.write { [id = h.resource.id] in
                try $0.resources.set(ResourcePolicy(elicitationKinds: []), of: id)
            }
            let mute = try await h.evaluate("access_token", second, "books.close", report: "R-9")
            #expect(mute.text == #"{"decision":false,"context":{"reason":"unsupported_kind"}}"#)
        }
    }

    @Test func `the end of a job and a simultaneous decision happen in one order or the other`() async throws {
        try await Harness.run { h in
            try await h.list()
            let token = try await h.tokens().access
            for round in 0..<10 {
                let job = try #require(try await h.storedJob(h.openJob(token)))
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for place in 0..<6 {
                        group.addTask {
                            if place == round % 6 { _ = try await h.call(.delete, "/jobs/\(job.id)") }
                            _ = try await h.evaluate("job", job.id.string)
                        }
                    }
                    try await group.waitForAll()
                }
                let records = try await h.gatehouse.store.read { try $0.audit.tail(limit: 500) }.map(\.entry)
                    .filter { $0.correlation == job.id.string }
                // The latest first: nothing is allowed behind the end.
                let end = try #require(records.firstIndex { $0.action == .jobEnded })
                #expect(!records[..<end].contains { $0.outcome == .success && $0.action == .actionEvaluated })
                #expect(records[..<end].contains { $0.outcome == .refused })
                _ = try await h.evaluate("job", job.id.string)
            }
        }
    }

    @Test func `an MCP server gets its decisions of an hour and no more`() async throws {
        try await Harness.run { h in
            try await h.list()
            let token = try await h.tokens().access
            let (id, now) = (h.resource.id, h.clock.now)
            try await h.gatehouse.store.write { tx in
                for _ in 1..<Resources.decisionsPerHour { _ = try tx.resources.countDecision(for: id, now: now) }
            }
            #expect(try await h.evaluate("access_token", token).json["decision"] == true)
            let refused = try await h.evaluate("access_token", token)
            #expect(refused.status == .tooManyRequests && refused.json["decision"] == nil)
            #expect(try await h.openJob(token).status == .tooManyRequests)
            #expect(try await h.records(.actionEvaluated).count == 1)
            h.clock.advance(by: 3_600)
            #expect(try await h.evaluate("access_token", try await h.tokens().access).json["decision"] == true)
        }
    }

    @Test func `AuthZEN the request is parsed strictly, and its id is returned`() async throws {
        try await Harness.run { h in
            try await h.list()
            let token = try await h.tokens().access
            let cases: [([String: JSON?], String)] = [
                (["subject": nil], "subject"), (["subject": "x"], "subject"),
                (["subject": ["type": "user", "id": "ada"]], "subject.type"),
                (["subject": ["type": "job"]], "subject.id"),
                (["subject": ["type": "job", "id": .string(String(repeating: "x", count: 8193))]], "subject.id"),
                (["action": nil], "action"), (["action": ["name": 1]], "action.name"),
                (["action": ["name": "a b"]], "action.name"),
                (["action": ["name": "a", "properties": []]], "action.properties"),
                (["resource": nil], "resource"), (["resource": ["type": "report"]], "resource.id"),
                (["resource": ["type": "r", "id": .string(String(repeating: "x", count: 201))]], "resource.id"),
                (["context": "now"], "context"), (["context": ["summary": 1]], "context.summary"),
            ]
            for (changes, member) in cases {
                let answer = try await h.evaluate("access_token", token, "expenses.submit", report: "R-1", changes)
                #expect(answer.status == .badRequest && answer.error == "invalid_request")
                #expect(answer.json["error_description"]?.string?.hasPrefix(member + " ") ?? false, "\(member)")
            }
            let name = try #require(HTTPField.Name("X-Request-ID"))
            let extra: [String: JSON?] = ["options": ["a": 1], "context": ["time": "now", "summary": nil]]
            let answer = try await h.evaluate(
                "access_token", token, "expenses.submit", report: "R-1", extra, headers: [name: "q-17"])
            #expect(answer.headers[name] == "q-17" && answer.json["decision"] == true)
            #expect(try await h.evaluate("access_token", token, headers: [name: "a b"]).headers[name] == nil)
            let wrong = AskingServer(resource: h.resource, secret: .random())
            let stranger = try await h.evaluate("access_token", token, as: wrong)
            #expect(stranger.status == .unauthorized && stranger.json["decision"] == nil)
        }
    }
}
