import AuthorizationServer
import JOSE
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

@Suite("Administration of jobs")
struct JobAdministrationTests {
    private func run(_ h: Harness, _ request: JobsRequest) async throws -> AdministrationAnswer {
        try await Administration(store: h.gatehouse.store, keys: h.gatehouse.keys, clock: h.clock.wall)
            .run(.jobs(request), by: Administrator(uid: 1000, claimed: "grace"))
    }

    private func list(_ h: Harness, _ selection: JobSelection = JobSelection()) async throws -> [String] {
        try await run(h, .list(selection)).rows.compactMap { $0["id"]?.string }
    }

    @Test func `a list filters by user, MCP server, session and state, newest first`() async throws {
        try await Harness.run { h in
            let (bob, one) = (try await h.addUser("bob"), try await h.fixtures.insertSession(h.user))
            let first = try await h.fixtures.insertJob(in: one).id.string
            let second = try await h.fixtures.insertJob(in: h.fixtures.insertSession(h.user, after: 10)).id.string
            let third = try await h.fixtures.insertJob(in: h.fixtures.insertSession(bob, after: 20), lasting: 60).id
                .string
            h.clock.advance(by: 30)
            #expect(try await list(h) == [third, second, first])
            #expect(try await list(h, JobSelection(user: "ada")) == [second, first])
            #expect(try await list(h, JobSelection(user: bob.subject.string)) == [third])
            #expect(try await list(h, JobSelection(resource: h.resource.identifier.string)).count == 3)
            #expect(try await list(h, JobSelection(session: one.id.string)) == [first])
            #expect(try await list(h, JobSelection(state: "ended")).isEmpty)
            h.clock.advance(by: 50)
            #expect(
                try await list(h, JobSelection(user: "bob", state: "ended")) == [third], "by the clock, not by the row")
            #expect(try await run(h, .show(third)).rows.first?["end_reason"] == "expired")
            for (selection, kind) in [
                (JobSelection(user: "nobody"), AdministrationError.Kind.notFound),
                (JobSelection(resource: "https://nobody.example/mcp"), .notFound),
                (JobSelection(session: "job_x"), .notFound), (JobSelection(state: "running"), .invalid),
            ] {
                let error = await #expect(throws: AdministrationError.self) { try await run(h, .list(selection)) }
                #expect(error?.kind == kind)
            }
        }
    }

    @Test func `a job whose session has ended is listed as ended, even before the cleanup`() async throws {
        try await Harness.run { h in
            let job = try await h.fixtures.insertJob(
                in: h.fixtures.insertSession(h.user, lasting: 2_592_000), lasting: 2_500_000)
            h.clock.advance(by: 1_209_600)
            #expect(try await list(h, JobSelection(state: "open")).isEmpty)
            let shown = try #require(try await run(h, .show(job.id.string)).rows.first)
            #expect(shown["state"] == "ended" && shown["end_reason"] == "session_ended" && shown["ended_at"] == .null)
            #expect(try await h.gatehouse.store.read { try $0.jobs.find(job.id) } == job, "a list changes nothing")
        }
    }

    @Test func `an administrator cancels jobs at once, recorded with the uid and the reason`() async throws {
        try await Harness.run { h in
            try await h.list()
            let token = try await h.tokens().access
            var jobs: [Job] = []
            for _ in 0..<3 { jobs.append(try #require(try await h.storedJob(h.openJob(token)))) }
            let ids = jobs.map(\.id.string)
            let answer = try await run(h, .end(Array(ids.prefix(2)), reason: "the laptop was lost"))
            #expect(answer.rows.compactMap { $0["id"]?.string } == Array(ids.prefix(2)))
            #expect(answer.rows.allSatisfy { $0["state"] == "ended" } && answer.note?.contains("2 jobs") == true)
            let denied = try await h.evaluate("job", ids[0]).json
            #expect(denied["decision"] == false && denied["context"] == nil)
            #expect(try await h.evaluate("job", ids[2]).json["decision"] == true)
            let records = try await h.records(.jobEnded)
            #expect(records.count == 2)
            for record in records {
                #expect(record.actor == .admin(uid: 1000, claimed: "grace") && record.initiator == .human)
                #expect(record.reason == "admin" && record.explanation == "the laptop was lost")
                #expect(record.user == h.user.id && record.session == jobs[0].sessionID)
            }
            let mixed = try await run(h, .end(ids, reason: nil))
            #expect(mixed.rows.compactMap { $0["id"]?.string } == [ids[2]], "what was over stays as it ended")
            #expect(try await h.records(.jobEnded).count == 3)
        }
    }

    @Test func `an unknown id cancels nothing, and an ended job is refused in one sentence`() async throws {
        try await Harness.run { h in
            let job = try await h.fixtures.insertJob(in: h.fixtures.insertSession(h.user))
            for wrong in [JobID.random().string, "job_x", ""] {
                let error = await #expect(throws: AdministrationError.self) {
                    try await run(h, .end([job.id.string, wrong], reason: nil))
                }
                #expect(error?.kind == .notFound && error?.description.contains("'\(wrong)'") == true)
                let unknown = await #expect(throws: AdministrationError.self) { try await run(h, .show(wrong)) }
                #expect(unknown?.kind == .notFound)
            }
            let many = Array(repeating: job.id.string, count: 1_001)
            let tooMany = await #expect(throws: AdministrationError.self) { try await run(h, .end(many, reason: nil)) }
            #expect(tooMany?.kind == .invalid)
            let steering = await #expect(throws: AdministrationError.self) {
                try await run(h, .end([job.id.string], reason: "a\u{202e}b"))
            }
            #expect(steering?.kind == .invalid)
            #expect(try await h.gatehouse.store.read { try $0.jobs.find(job.id) } == job)
            h.clock.advance(by: 3_600)
            let over = await #expect(throws: AdministrationError.self) {
                try await run(h, .end([job.id.string], reason: nil))
            }
            #expect(over?.kind == .conflict && over?.description.contains("'\(job.id)'") == true)
            #expect(try await h.records(.jobEnded).isEmpty)
        }
    }
}
