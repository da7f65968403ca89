import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

@Suite("Checkpoints: an MCP server reports who is acting")
struct CheckpointTests {
    private static let sampling: JSONObject = [
        "kind": "sampling", "outcome": "approved", "tool": "report_churn", "model": "haiku-4.5",
    ]
    private static let form: JSONObject = ["kind": "form", "missing": ["environment", "when"], "tool": "migrate"]

    private func report(
        _ h: Harness, _ token: String, _ body: JSONObject, _ changes: [String: JSON?] = [:],
        as server: AskingServer? = nil
    ) async throws -> TestResponse {
        var body = body
        body["subject_token"] = .string(token)
        for (name, value) in changes { body[name] = value }
        return try await h.call(.post, "/checkpoints", body, as: server)
    }

    @Test func `each moment is on record as reported, and says whose word counts from there on`() async throws {
        try await Harness.run { h in
            let token = try await h.tokens().access
            let cases: [(JSONObject, [String: JSON?], String, String, AuditEntry.Initiator, String)] = [
                (Self.sampling, [:], "sampling.reviewed", "approved", .model, "tool report_churn; model haiku-4.5"),
                (
                    Self.sampling, ["outcome": "edited", "model": nil], "sampling.reviewed", "edited", .human,
                    "tool report_churn"
                ),
                (Self.sampling, ["outcome": "rejected"], "sampling.reviewed", "rejected", .human, ""),
                (Self.form, [:], "form.asked", "asked", .server, "tool migrate; missing environment when"),
                (
                    Self.form, ["outcome": "accepted", "path": "staging:tonight"], "form.asked", "accepted", .human,
                    "tool migrate; missing environment when; path staging:tonight"
                ),
                (Self.form, ["outcome": "declined"], "form.asked", "declined", .human, ""),
            ]
            let session = try #require(try await h.sessions().last)
            let before = try await h.gatehouse.store.read { try $0.audit.tail(limit: 500) }.count
            for (body, changes, action, reason, initiator, explanation) in cases {
                let answer = try await report(h, token, body, changes)
                #expect(answer.status == .created)
                #expect(answer.json["evidence"] == "reported")
                #expect(answer.json["initiator"]?.string == initiator.rawValue)
                let record = try #require(try await h.reports().first)
                #expect(answer.json["record"]?.string == record.hash.base64URL)
                let entry = record.entry
                #expect(entry.action.rawValue == action && entry.reason == reason && entry.initiator == initiator)
                #expect(entry.evidence == .reported(by: h.resource.id.string))
                #expect(entry.actor == .resource(h.resource.id) && entry.session == session.id)
                #expect(entry.user == h.user.id && entry.client == h.registered.id)
                #expect(explanation.isEmpty || entry.explanation == explanation)
            }
            #expect(try await h.reports().count == cases.count)
            #expect(try await h.gatehouse.store.read { try $0.audit.tail(limit: 500) }.count == before)
        }
    }

    @Test(
        arguments: [
            (sampling, ["outcome": nil], "outcome"), (sampling, ["outcome": "ok"], "outcome"),
            (sampling, ["outcome": true], "outcome"), (sampling, ["model": "what the model wrote"], "model"),
            (sampling, ["text": "a prompt"], "text"),
            (sampling, ["tool": .string(String(repeating: "x", count: 65))], "tool"),
            (sampling, ["kind": "thought"], "kind"), (sampling, ["kind": nil], "kind"),
            (sampling, ["missing": ["a"]], "missing"),
            (form, ["missing": nil], "missing"), (form, ["missing": []], "missing"),
            (form, ["missing": ["a", "a"]], "missing"),
            (form, ["missing": ["a", 1]], "missing"), (form, ["missing": "when"], "missing"),
            (form, ["missing": .strings((0..<21).map { "f\($0)" })], "missing"), (form, ["path": "staging"], "path"),
            (form, ["outcome": "accepted", "path": "to be or not"], "path"),
            (form, ["values": ["when": "now"]], "values"),
            (form, ["subject_token": 1], "subject_token"), (form, ["subject_token": nil], "subject_token"),
        ] as [(JSONObject, [String: JSON?], String)])
    func `a report with anything but known names and values is refused and not recorded`(
        body: JSONObject, changes: [String: JSON?], member: String
    ) async throws {
        try await Harness.run { h in
            let answer = try await report(h, try await h.tokens().access, body, changes)
            #expect(answer.status == .badRequest && answer.error == "invalid_request")
            #expect(answer.json["error_description"]?.string?.hasPrefix(member + " ") ?? false, "\(member)")
            #expect(try await h.reports().isEmpty)
        }
    }

    @Test func `a foreign, expired or ended session and a malformed token get the same refusal`() async throws {
        try await Harness.run { h in
            let token = try await h.tokens().access
            let other = try await h.addServer("https://other.example/mcp")
            var answers = [
                try await report(h, token, Self.form, as: other), try await report(h, "x", Self.form),
                try await report(h, h.user.subject.string, Self.form),
            ]
            h.clock.advance(by: 600)
            answers.append(try await report(h, token, Self.form))
            let fresh = try await h.tokens().access
            try await h.endLatestSession()
            answers.append(try await report(h, fresh, Self.form))
            for answer in answers {
                #expect(answer.status == .badRequest && answer.error == "invalid_subject_token")
                #expect(answer.body == answers[0].body)
            }
            let wrong = AskingServer(resource: h.resource, secret: .random())
            #expect(try await report(h, fresh, Self.form, as: wrong).status == .unauthorized)
            #expect(try await h.reports().isEmpty)
            #expect(
                try await h.gatehouse.store.read {
                    try $0.audit.tail(.reported(other.resource.id), AuditFilter(), limit: 5)
                }.isEmpty)
        }
    }

    @Test func `an MCP server that floods exhausts only its own hourly limit`() async throws {
        try await Harness.run { h in
            let token = try await h.tokens().access
            let (id, now) = (h.resource.id, h.clock.now)
            try await h.gatehouse.store.write { tx in
                for _ in 0..<AuditReports.perHour {
                    _ = try tx.audit.reports.append(ReportedEntry(.formAsked, at: now, by: id, initiator: .server))
                }
            }
            let refused = try await report(h, token, Self.form)
            #expect(refused.status == .tooManyRequests && refused.error == "too_many_requests")
            #expect(refused.headers[.retryAfter] == "60")
            #expect(try await h.reports().first?.sequence == AuditReports.perHour)
            #expect(try await h.records(.reportsOverQuota).count == 1)
            h.clock.advance(by: 3_600)
            #expect(try await report(h, try await h.tokens().access, Self.form).status == .created)
        }
    }
}
