import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

@Suite("The account page: background jobs")
struct AccountJobTests {
    @Test func `a job is shown with the author of its purpose, its actions and its expiry`() async throws {
        try await Harness.run { h in
            let session = try await h.fixtures.insertSession(
                h.user, client: "https://quill.example.com/c.json", host: "quill.example.com")
            let job = try await h.fixtures.insertJob(in: session, purpose: "File the expenses of November")
            let page = try await h.account(h.browser())
            #expect(page.values("job") == [job.id.string])
            for words in [
                "id=\"jobs\"",
                "<q><bdi>File the expenses of November</bdi></q>",
                "expenses.submit", "<q><bdi>Quill Notes</bdi></q>", "quill.example.com", "https://files.example/mcp",
                "Platform team",
            ] { #expect(page.text.contains(words), "\(words)") }
        }
    }

    @Test func `the button cancels it at once, recorded as the user's action`() async throws {
        try await Harness.run { h in
            try await h.list()
            let token = try await h.tokens().access
            let job = try #require(try await h.storedJob(h.openJob(token)))
            let spared = try #require(try await h.storedJob(h.openJob(token)))
            #expect(try await h.evaluate("job", job.id.string).json["decision"] == true)
            let browser = h.browser()
            let page = try await h.account(browser)
            let after = try await h.follow(
                browser, h.step(browser, at: page, "end_job", [("job", job.id.string)]))
            #expect(after.element("notice")?.contains("Team Files") == true)
            #expect(after.values("job") == [spared.id.string])
            let denied = try await h.evaluate("job", job.id.string)
            #expect(denied.json["decision"] == false && denied.json["context"] == nil)
            #expect(try await h.call(.get, "/jobs/\(job.id)").json["end_reason"] == "person")
            #expect(try await h.evaluate("job", spared.id.string).json["decision"] == true)
            let records = try await h.records(.jobEnded)
            #expect(records.count == 1)
            #expect(records.first?.actor == .person(h.user.id) && records.first?.initiator == .human)
            #expect(records.first?.session == job.sessionID && records.first?.correlation == job.id.string)
            #expect(try await h.sessions().allSatisfy { $0.state == .active }, "the session goes on")
        }
    }

    @Test func `a foreign, an ended and an unknown job get the same response`() async throws {
        try await Harness.run { h in
            let foreign = try await h.fixtures.insertJob(in: h.fixtures.insertSession(h.addUser("bob")))
            let session = try await h.fixtures.insertSession(h.user)
            let ended = try await h.fixtures.insertJob(in: session)
            try await h.gatehouse.store.write { [now = h.clock.now] in
                _ = try $0.jobs.end(ended.id, .byResource(ended.resourceID), now: now)
            }
            let browser = h.browser()
            let page = try await h.account(browser)
            #expect(page.values("job").isEmpty && page.element("jobs") == nil)
            var answers: Set<String> = []
            for id in [foreign.id.string, ended.id.string, JobID.random().string, "job_", "", session.id.string] {
                let answer = try await h.step(browser, at: page, "end_job", [("job", id)])
                #expect(answer.status == .notFound)
                answers.insert(answer.text)
            }
            #expect(answers.count == 1)
            #expect(try await h.gatehouse.store.read { try $0.jobs.find(foreign.id)?.endedAt } == nil)
            #expect(try await h.records(.jobEnded).map(\.reason) == ["resource"])
        }
    }

    @Test func `an expired job and one of an idle session are not shown and cannot be cancelled`()
        async throws
    {
        try await Harness.run { h in
            let idle = try await h.fixtures.insertJob(
                in: h.fixtures.insertSession(h.user, lasting: 2_592_000), lasting: 2_500_000)
            let short = try await h.fixtures.insertJob(
                in: h.fixtures.insertSession(h.user, after: 100, lasting: 2_592_000), lasting: 1_209_500)
            let live = try await h.fixtures.insertJob(
                in: h.fixtures.insertSession(h.user, after: 100, lasting: 2_592_000), lasting: 2_500_000)
            let browser = h.browser()
            h.clock.advance(by: 1_209_599)
            #expect(try await h.account(browser).values("job").count == 3)
            h.clock.advance(by: 1)
            let page = try await h.account(browser)
            #expect(page.values("job") == [live.id.string])
            #expect(try await h.step(browser, at: page, "end_job", [("job", short.id.string)]).status == .notFound)
            #expect(try await h.records(.jobEnded).map(\.reason) == ["expired"])
            #expect(try await h.gatehouse.store.read { try $0.jobs.find(idle.id)?.endedAt } == nil)
        }
    }

    @Test func `the purpose is shown as text only`()
        async throws
    {
        try await Harness.run { h in
            let session = try await h.fixtures.insertSession(
                h.user, client: "https://evil.example/c.json", name: "<b>\u{202e}x</b>", host: "evil.example")
            _ = try await h.fixtures.insertJob(
                in: session, purpose: "<img src=x onerror=alert(1)> \u{202e}\"a\" & \u{2066}b</q></bdi>")
            let page = try await h.account(h.browser())
            #expect(
                page.text.contains("&lt;img src=x onerror=alert(1)&gt;") && page.text.contains("&quot;a&quot; &amp; b"))
            for piece in ["<img", "<b>", "\u{202e}", "\u{2066}"] { #expect(!page.text.contains(piece)) }
        }
    }

    @Test func `at most fifty are shown, with a note that there are more`() async throws {
        try await Harness.run { h in
            for _ in 0..<3 {
                let session = try await h.fixtures.insertSession(h.user)
                for _ in 0..<17 { _ = try await h.fixtures.insertJob(in: session) }
            }
            let page = try await h.account(h.browser())
            #expect(page.values("job").count == 50 && page.element("more-jobs") != nil)
        }
    }
}
