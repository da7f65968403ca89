import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

@Suite("The account page under attack")
struct AccountAbuseTests {
    private static let steps = [
        "end", "end_all", "end_job", "disconnect", "password", "sign_out", "sign_out_everywhere",
    ]

    /// All that a step could want, so that nothing but the guard under test can stop it.
    private func fields(_ session: Session, _ job: Job? = nil) -> [(String, String)] {
        [
            ("session", session.id.string), ("job", job?.id.string ?? ""), ("current", Harness.password),
            ("new", "another long password"),
            ("again", "another long password"), ("everything", "yes"),
        ]
    }

    private func untouched(_ h: Harness, _ session: Session) async throws -> Bool {
        let (stored, logins, password) = try await (h.stored(session), h.browserLogins(), h.password())
        return stored?.state == .active && password?.data == h.credential.data && logins > 0
    }

    @Test func `a form from another site, without a token or with a foreign one is refused`() async throws {
        try await Harness.run { h in
            let session = try await h.fixtures.insertSession(h.user)
            let job = try await h.fixtures.insertJob(in: session)
            _ = try await h.addUser("bob")
            let browser = h.browser()
            let page = try await h.account(browser)
            let stranger = h.browser()
            let foreign = try await h.account(stranger, as: "bob").input("token") ?? ""
            let again = try await h.account(h.browser()).input("token") ?? ""
            for step in Self.steps {
                let cross = try await h.step(
                    browser, at: page, step, fields(session, job), headers: [.origin: "https://evil.example"])
                #expect(cross.status == .forbidden)
                let opaque = try await browser.post(
                    "/account", [("step", step), ("token", foreign)] + fields(session, job),
                    headers: [.origin: "null"])
                #expect(opaque.status == .badRequest)
                for token in ["", "x", foreign, again] {
                    let answer = try await browser.post(
                        "/account", [("step", step), ("token", token)] + fields(session, job))
                    #expect(answer.status == .badRequest, "\(step)")
                    #expect(answer.element("problem") != nil)
                }
            }
            #expect(try await untouched(h, session))
            #expect(try await h.gatehouse.store.read { try $0.jobs.find(job.id) } == job)
        }
    }

    @Test
    func `a page from before a sign-in can do nothing after it`()
        async throws
    {
        try await Harness.run { h in
            let session = try await h.fixtures.insertSession(h.user)
            let browser = h.browser()
            let before = try await h.account(browser)
            _ = try await h.consentPage(browser, h.request(["prompt": "login"]))
            #expect(try await h.browserLogins() == 1, "the login is the same one")
            for step in Self.steps {
                let answer = try await h.step(browser, at: before, step, fields(session))
                #expect(answer.status == .badRequest && answer.element("problem") != nil, "\(step)")
            }
            #expect(try await untouched(h, session))
            let after = try await browser.get("/account")
            #expect(try await h.step(browser, at: after, "end", fields(session)).status == .seeOther)
            #expect(try await h.stored(session)?.state == .ended)
        }
    }

    @Test func `a form after a sign-out does nothing`() async throws {
        try await Harness.run { h in
            let session = try await h.fixtures.insertSession(h.user)
            let browser = h.browser()
            let page = try await h.account(browser)
            _ = try await h.step(browser, at: page, "sign_out")
            let nobody = try await h.step(browser, at: page, "end_all")
            #expect(nobody.status == .forbidden && nobody.input("interaction") != nil)
            let back = try await h.follow(browser, h.signIn(browser, at: nobody))
            #expect(back.isPage("account") && back.element("notice") != nil)
            #expect(try await h.step(browser, at: page, "end_all").status == .badRequest)
            #expect(try await h.stored(session)?.state == .active)
            #expect(try await h.follow(browser, h.step(browser, at: back, "end_all")).element("no-sessions") != nil)
            #expect(try await h.stored(session)?.state == .ended)
        }
    }

    @Test func `another user's session is answered like an unknown one`() async throws {
        try await Harness.run { h in
            let foreign = try await h.fixtures.insertSession(h.addUser("bob"))
            let browser = h.browser()
            let page = try await h.account(browser)
            var answers: Set<String> = []
            for id in [foreign.id.string, SessionID.random().string, "ses_", "", "usr_x", h.user.id.string] {
                let answer = try await h.step(browser, at: page, "end", [("session", id)])
                #expect(answer.status == .notFound)
                answers.insert(answer.text)
            }
            #expect(answers.count == 1)
            #expect(try await h.stored(foreign)?.state == .active)
            #expect(try await h.records(.sessionEnded).isEmpty)
        }
    }

    @Test func `actions that could cause lasting harm need a sign-in within the last 15 minutes`() async throws {
        try await Harness.run { h in
            let session = try await h.fixtures.insertSession(h.user)
            let browser = h.browser()
            let page = try await h.account(browser)
            for _ in 0..<3 {
                h.clock.advance(by: 450)
                _ = try await browser.get("/account")
            }
            let stale = try await browser.get("/account")
            #expect(stale.text.contains("value=\"end_all\"") && !stale.text.contains("name=\"current\""))
            for step in ["end_all", "disconnect", "password"] {
                let answer = try await h.step(browser, at: page, step, fields(session))
                #expect(answer.status == .forbidden)
                #expect(answer.input("interaction") != nil && answer.element("problem") != nil)
                #expect(!answer.text.contains("another long password"))
            }
            #expect(try await untouched(h, session))
            let asked = try await h.step(browser, at: page, "end_all")
            let wrong = try await h.signIn(browser, at: asked, password: "wrong")
            #expect(wrong.status == .unauthorized && wrong.element("for-account") != nil)
            let back = try await h.follow(browser, h.signIn(browser, at: asked))
            #expect(back.element("notice") != nil)
            #expect(try await untouched(h, session), "signing in is not the step itself")
            #expect(try await h.follow(browser, h.step(browser, at: back, "end_all")).element("no-sessions") != nil)
            #expect(try await h.stored(session)?.state == .ended)
        }
    }

    @Test func `other actions need no recent sign-in`() async throws {
        try await Harness.run { h in
            let session = try await h.fixtures.insertSession(h.user)
            let browser = h.browser()
            let page = try await h.account(browser)
            h.clock.advance(by: 901)
            let ended = try await h.step(browser, at: page, "end", [("session", session.id.string)])
            #expect(ended.status == .seeOther)
            #expect(try await h.stored(session)?.state == .ended)
            #expect(try await h.step(browser, at: page, "sign_out").status == .seeOther)
            #expect(try await h.browserLogins() == 0)
        }
    }

    @Test func `repeated and unknown parameters are refused and do nothing`() async throws {
        try await Harness.run { h in
            let session = try await h.fixtures.insertSession(h.user)
            let browser = h.browser()
            let page = try await h.account(browser)
            let token = page.input("token") ?? ""
            for double in ["token", "step", "session", "job", "current", "new", "again", "everything"] {
                for step in ["end", "end_job", "password"] {
                    let form = [("token", token), ("step", step)] + fields(session)
                    let twice = form + form.filter { $0.0 == double }
                    // What a step has no use for may stand there as often as it likes.
                    let owner = ["session": "end", "job": "end_job"][double] ?? "password"
                    let isRead = ["token", "step"].contains(double) || owner == step
                    guard isRead else { continue }
                    let answer = try await browser.post("/account", twice)
                    #expect(answer.status == .badRequest, "\(step) with two \(double)")
                }
            }
            for step in ["", "End", "end ", "delete", "end_all\u{0}"] {
                #expect(try await h.step(browser, at: page, step, fields(session)).status == .badRequest)
            }
            #expect(try await untouched(h, session))
            #expect(try await browser.get("/account/").status == .notFound)
            let json = try await h.client.execute(
                uri: "/account", method: .post, headers: [.contentType: "application/json"])
            #expect(json.status == .badRequest)
        }
    }

    @Test func `the names of clients and the requests of MCP servers are shown as text only`() async throws {
        try await Harness.run { h in
            let name = "<script>alert(1)</script>\"'>\u{202e}x</h3>"
            let session = try await h.fixtures.insertSession(
                h.user, client: "https://evil.example/c.json", name: name, host: "evil.example")
            let token = try await h.tokens().access
            var action = Harness.action
            action["summary"] = .string("<img src=x onerror=alert(2)> & \"quoted\"")
            let asked = try await h.ask(token, ["action": .object(action)])
            #expect(asked.status == .created)
            let browser = h.browser()
            let page = try await h.account(browser)
            #expect(page.text.contains("&lt;script&gt;alert(1)&lt;/script&gt;"))
            #expect(page.text.contains("&lt;img src=x onerror=alert(2)&gt; &amp; &quot;quoted&quot;"))
            #expect(page.text.contains("Not verified") && page.text.contains("evil.example"))
            let ended = try await h.follow(
                browser, h.step(browser, at: page, "end", [("session", session.id.string)]))
            #expect(ended.text.contains("&lt;script&gt;alert(1)&lt;/script&gt;"))
            for text in [page.text, ended.text] {
                #expect(!text.contains("<script") && !text.contains("<img") && !text.contains("\u{202e}"))
            }
        }
    }

    @Test func `a forged notice and one for another user are not shown`() async throws {
        try await Harness.run { h in
            _ = try await h.addUser("bob")
            let session = try await h.fixtures.insertSession(h.user)
            let browser = h.browser()
            let page = try await h.account(browser)
            let answer = try await h.step(browser, at: page, "end", [("session", session.id.string)])
            let notice = try #require(FormText.decode(queryOf: answer.headers[.location] ?? "")["notice"]?.first)
            let sealed = String(notice.prefix { $0 != "#" })
            #expect(try await browser.get("/account?notice=\(sealed)").element("notice") != nil)
            let bob = h.browser()
            _ = try await h.account(bob, as: "bob")
            #expect(try await bob.get("/account?notice=\(sealed)").element("notice") == nil)
            bob.cookies["gatehouse-browser"] = browser.cookies["gatehouse-browser"]
            #expect(try await bob.get("/account?notice=\(sealed)").element("notice") == nil)
            for odd in ["x", String(sealed.dropLast()), sealed + "A", String(repeating: "A", count: 5_000)] {
                let shown = try await browser.get("/account?notice=\(odd)")
                #expect(shown.status == .ok && !shown.text.contains("id=\"notice\""))
            }
        }
    }
}
