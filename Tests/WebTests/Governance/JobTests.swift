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

@Suite("Jobs: authority for background work")
struct JobTests {
    @Test func `a job is on record with its session, and never lasts past it`() async throws {
        try await Harness.run { h in
            try await h.list()
            let token = try await h.tokens(lifetime: "1h").access
            let session = try #require(try await h.sessions().last)
            let answer = try await h.openJob(
                token, ["expires_at": .string((session.expiresAt + 86_400).rfc3339)])
            #expect(answer.status == .created)
            #expect(answer.json["id"]?.string?.hasPrefix("job_") ?? false)
            #expect(answer.json["status"] == "open")
            #expect(answer.json["expires_at"]?.string == session.expiresAt.rfc3339)
            #expect(answer.json["actions"]?.strings == ["expenses.submit", "books.close"])
            let job = try #require(try await h.storedJob(answer))
            #expect(job.sessionID == session.id && job.userID == h.user.id && job.resourceID == h.resource.id)
            #expect(job.expiresAt == session.expiresAt && job.endedAt == nil)
            let record = try #require(try await h.records(.jobOpened).first)
            #expect(record.actor == .resource(h.resource.id) && record.initiator == .server)
            #expect(record.evidence == .witnessed && record.session == session.id && record.user == h.user.id)
            #expect(record.correlation == job.id.string && record.explanation == job.purpose)
            #expect(try await h.call(.get, "/jobs/\(job.id)").json == answer.json)
        }
    }

    @Test func `a job needs actions that the operator listed and scopes that the token has`() async throws {
        try await Harness.run { h in
            let token = try await h.tokens().access
            #expect(try await h.openJob(token).error == "access_denied")
            try await h.list()
            for actions in [["files.purge"], ["expenses.submit", "files.burn"]] as [JSON] {
                let answer = try await h.openJob(token, ["actions": actions])
                #expect(answer.status == .forbidden && answer.error == "access_denied")
            }
            let cases: [([String: JSON?], String)] = [
                (["actions": nil], "actions"), (["actions": []], "actions"),
                (["actions": "expenses.submit"], "actions"),
                (["actions": ["a b"]], "actions"), (["actions": ["expenses.submit", "expenses.submit"]], "actions"),
                (["actions": .strings((0..<21).map { "a\($0)" })], "actions"), (["purpose": nil], "purpose"),
                (["purpose": .string(String(repeating: "x", count: 201))], "purpose"), (["purpose": 1], "purpose"),
                (["expires_at": nil], "expires_at"), (["expires_at": 1_900_000_000], "expires_at"),
                (["expires_at": "2027-01-01t00:00:00Z"], "expires_at"), (["expires_in": 60], "expires_at"),
                (["expires_at": .string(h.clock.now.rfc3339)], "expires_at"), (["session": "ses_x"], "session"),
                (["expires_at": nil, "expires_in": 0], "expires_in"),
            ]
            for (changes, member) in cases {
                let answer = try await h.openJob(token, changes)
                #expect(answer.status == .badRequest && answer.error == "invalid_request")
                #expect(answer.json["error_description"]?.string?.hasPrefix(member + " ") ?? false, "\(member)")
            }
            let other = try await h.addServer("https://other.example/mcp")
            #expect(try await h.openJob(token, as: other).error == "invalid_subject_token")
            let (id, now) = (h.user.id, h.clock.now)
            let open = try await h.gatehouse.store.read { try $0.jobs.open(of: id, now: now, limit: 10) }
            #expect(open.isEmpty)
            #expect(try await h.records(.jobOpened).isEmpty)
        }
    }

    @Test func `a job ends after so many seconds, or at a time of any offset`() async throws {
        try await Harness.run { h in
            try await h.list()
            let token = try await h.tokens().access
            let after = try await h.openJob(token, ["expires_at": nil, "expires_in": 90])
            #expect(after.json["expires_at"]?.string == (h.clock.now + 90).rfc3339)
            let elsewhere = (h.clock.now + 7_200 + 90).rfc3339.dropLast() + ".25+02:00"
            let at = try await h.openJob(token, ["expires_at": .string(String(elsewhere))])
            #expect(at.status == .created && at.json["expires_at"] == after.json["expires_at"])
            #expect(try await h.storedJob(at)?.expiresAt == h.clock.now + 90)
        }
    }

    @Test func `a session has twenty open jobs at most`() async throws {
        try await Harness.run { h in
            try await h.list()
            let tokens = try await h.tokens()
            let token = tokens.access
            var last = try await h.openJob(token)
            for _ in 1..<Job.mostOpen { last = try await h.openJob(token) }
            #expect(last.status == .created)
            #expect(try await h.openJob(token).status == .tooManyRequests)
            let job = try #require(try await h.storedJob(last))
            #expect(try await h.call(.delete, "/jobs/\(job.id)").json["status"] == "ended")
            #expect(try await h.openJob(token).status == .created)
            // Expired jobs do not count, even before the cleanup.
            h.clock.advance(by: 3_600)
            #expect(try await h.openJob(try await h.refresh(tokens.refresh).tokens.access).status == .created)
        }
    }

    @Test func `another MCP server's job is answered like an unknown one and does not change`() async throws {
        try await Harness.run { h in
            try await h.list()
            let job = try #require(try await h.storedJob(h.openJob(try await h.tokens().access)))
            let other = try await h.addServer("https://other.example/mcp")
            for method in [HTTPRequest.Method.get, .delete] {
                let foreign = try await h.call(method, "/jobs/\(job.id)", as: other)
                let unknown = try await h.call(method, "/jobs/\(JobID.random())", as: other)
                let malformed = try await h.call(method, "/jobs/job_x", as: other)
                #expect(foreign.status == .notFound && foreign.error == "not_found")
                #expect(foreign.body == unknown.body && foreign.body == malformed.body)
                let wrong = AskingServer(resource: h.resource, secret: .random())
                #expect(try await h.call(method, "/jobs/\(job.id)", as: wrong).status == .unauthorized)
            }
            #expect(try await h.gatehouse.store.read { try $0.jobs.find(job.id) } == job)
        }
    }

    @Test func `it ends once, by its MCP server`() async throws {
        try await Harness.run { h in
            try await h.list()
            let job = try #require(try await h.storedJob(h.openJob(try await h.tokens().access)))
            let ended = try await h.call(.delete, "/jobs/\(job.id)")
            #expect(ended.status == .ok)
            #expect(ended.json["status"] == "ended" && ended.json["end_reason"] == "resource")
            h.clock.advance(by: 5)
            #expect(try await h.call(.delete, "/jobs/\(job.id)").body == ended.body)
            #expect(try await h.call(.get, "/jobs/\(job.id)").body == ended.body)
            #expect(try await h.records(.jobEnded).map(\.reason) == ["resource"])
        }
    }

    @Test func `it ends with its session, in the same transaction`() async throws {
        try await Harness.run { h in
            try await h.list()
            let token = try await h.tokens().access
            let job = try #require(try await h.storedJob(h.openJob(token)))
            let again = try await h.tokens()
            let spared = try #require(try await h.storedJob(h.openJob(again.access)))
            let (now, session) = (h.clock.now, job.sessionID)
            let seen = try await h.gatehouse.store.write { tx -> Job? in
                _ = try tx.sessions.end(session, .byAdmin(at: now))
                return try tx.jobs.find(job.id)
            }
            #expect(seen?.endReason == .sessionEnded && seen?.endedAt == now)
            #expect(try await h.call(.get, "/jobs/\(job.id)").json["end_reason"] == "session_ended")
            let record = try #require(try await h.records(.jobEnded).first)
            #expect(record.initiator == .system && record.reason == "session_ended" && record.session == session)
            #expect(try await h.call(.get, "/jobs/\(spared.id)").json["status"] == "open")
        }
    }

    @Test(arguments: SwitchedOff.allCases.filter { $0 != .resource })
    func `a job ends when its user, client or MCP server is disabled`(off: SwitchedOff) async throws {
        try await Harness.run { h in
            try await h.list()
            let job = try #require(try await h.storedJob(h.openJob(try await h.tokens().access)))
            try await off.apply(to: h)
            let denied = try await h.evaluate("job", job.id.string)
            #expect(denied.status == .ok && denied.text == #"{"decision":false}"#)
            #expect(try await h.call(.get, "/jobs/\(job.id)").json["status"] == "ended")
            #expect(try await h.gatehouse.store.read { try $0.jobs.find(job.id) }?.endedAt == h.clock.now)
        }
    }

    @Test(arguments: [true, false]) func `it expires at its time, whichever request notices first`(byHousekeeper: Bool)
        async throws
    {
        try await Harness.run { h in
            try await h.list()
            let job = try #require(try await h.storedJob(h.openJob(try await h.tokens().access)))
            h.clock.advance(by: 3_600)
            if byHousekeeper {
                _ = try await h.gatehouse.store.write { [now = h.clock.now] in try $0.housekeep(now: now, limit: 100) }
            } else {
                #expect(try await h.evaluate("job", job.id.string).text == #"{"decision":false}"#)
            }
            let ended = try await h.gatehouse.store.read { try $0.jobs.find(job.id) }
            #expect(ended?.endReason == .expired && ended?.endedAt == job.expiresAt)
            #expect(try await h.records(.jobEnded).map(\.reason) == ["expired"])
            h.clock.advance(by: 91 * 86_400)
            _ = try await h.gatehouse.store.write { [now = h.clock.now] in try $0.housekeep(now: now, limit: 100) }
            #expect(try await h.gatehouse.store.read { try $0.jobs.find(job.id) } == nil)
        }
    }
}
