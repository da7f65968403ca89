import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import Storage
import StorageSupport
import TestSupport
import Testing

@Suite("Members of the JSON that MCP servers send")
struct RequestMemberTests {
    private static func opened(_ h: Harness) async throws -> (token: String, asked: Asked) {
        try await h.list()
        try await h.grant([.confirm, .external], hosts: ["pay.example"])
        let token = try await h.tokens().access
        return (token, try await Asked(h.ask(token)))
    }

    @Test(arguments: [
        ("/elicitations", "expires_inn", "expires_in"), ("/elicitations/redeem", "tickets", "ticket"),
        ("complete", "outcom", "outcome"), ("/jobs", "purposes", "purpose"), ("/checkpoints", "models", "model"),
    ])
    func `an unknown one is refused with the nearest known one, and nothing happens`(
        path: String, member: String, nearest: String
    ) async throws {
        try await Harness.run { h in
            let (token, asked) = try await Self.opened(h)
            let before = try await h.gatehouse.store.read { try $0.audit.tail(limit: 500) }.count
            var body: JSONObject =
                switch path {
                case "/jobs": ["subject_token": .string(token), "actions": ["expenses.submit"], "purpose": "p"]
                case "/checkpoints": ["subject_token": .string(token), "kind": "sampling", "outcome": "approved"]
                case "/elicitations/redeem": ["ticket": "x"]
                case "complete": ["outcome": "completed"]
                default:
                    [
                        "subject_token": .string(token), "kind": "confirm", "message": "m",
                        "action": ["name": "other", "summary": "s"],
                    ]
                }
            body[member] = "x"
            if path == "/jobs" { body["expires_in"] = 60 }
            let answer = try await h.call(.post, path == "complete" ? asked.path + "/complete" : path, body)
            #expect(answer.status == .badRequest && answer.error == "invalid_request")
            #expect(
                answer.json["error_description"]?.string
                    == "\(member) is not known; the nearest known member is \(nearest).")
            #expect(try await h.gatehouse.store.read { try $0.audit.tail(limit: 500) }.count == before)
            #expect(try await h.reports().isEmpty)
        }
    }

    @Test func `where a standard defines the body, an unknown one is passed over`() async throws {
        try await Harness.run { h in
            let (token, _) = try await Self.opened(h)
            let evaluated = try await h.evaluate(
                "access_token", token, "expenses.submit", report: "R-1", ["option": 1, "expires_inn": 60])
            #expect(evaluated.json["decision"] == true)
            let polled = try await h.call(
                .post, "/events/poll", ["returnImmediately": true, "maxEvents": 0, "option": 1])
            #expect(polled.status == .ok)
            #expect(try await h.register(Harness.registration(["expires_inn": 60])).status == .created)
        }
    }

    @Test func `an end is a number of seconds or a time of any offset, and never both`() async throws {
        try await Harness.run { h in
            let token = try await h.tokens().access
            let end = h.clock.now + 600
            let elsewhere = String((end - 12_600).rfc3339.dropLast()) + ".999999999-03:30"
            let both: [String: JSON?] = ["expires_in": 600, "expires_at": .string(elsewhere)]
            let refused = try await h.ask(token, both)
            #expect(refused.status == .badRequest)
            #expect(
                refused.json["error_description"]?.string
                    == "expires_at cannot be combined with expires_in; send one of them.")
            for time in ["2026-11-21", (h.clock.now + 3_601).rfc3339, (h.clock.now + 59).rfc3339] {
                let answer = try await h.ask(token, ["expires_at": .string(time)])
                #expect(answer.status == .badRequest)
                #expect(answer.json["error_description"]?.string?.hasPrefix("expires_at must ") == true)
            }
            #expect(try await h.records(.elicitationCreated).isEmpty)
            let answer = try await h.ask(token, ["expires_at": .string(elsewhere)])
            #expect(answer.status == .created && answer.json["expires_at"]?.string == end.rfc3339)
            #expect(try await h.stored(Asked(answer))?.expiresAt == end)
        }
    }
}
