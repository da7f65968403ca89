import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import Storage
import StorageSupport
import Synchronization
import TestSupport
import Testing

@Suite("Outdated pages")
struct OutdatedPageTests {
    /// Two sign-in pages that a fresh browser got at the same moment: the cookie of the second answer is the one it keeps.
    private func twoFirstVisits(_ h: Harness) async throws -> (browser: TestBrowser, overtaken: TestResponse) {
        let browser = h.browser()
        let first = try await h.authorize(browser, h.request(["state": "first"]))
        browser.cookies = [:]
        _ = try await h.authorize(browser, h.request(["state": "second"]))
        return (browser, first)
    }

    @Test func `a sign-in page whose cookie another first visit replaced is shown again, and then leads on`()
        async throws
    {
        try await Harness.run { h in
            let (browser, page) = try await twoFirstVisits(h)
            let shown = try await h.signIn(browser, at: page)
            #expect(shown.status == .badRequest)
            #expect(shown.text.contains("Quill Notes") && shown.element("notice") != nil)
            #expect(try await h.browserLogins() == 0)
            let answer = try await h.signIn(browser, at: shown)
            let consent = try await h.follow(browser, answer)
            let location = try await h.decide(browser, at: consent).continuation
            #expect(location?.contains("state=first") == true && location?.contains("code=") == true)
        }
    }

    @Test func `a form of such a page is ignored: no password is checked, no username kept`() async throws {
        let tried = Atomic(0)
        let hasher = PasswordHasher(cost: .cheapForTests) { password, hash in
            tried.add(1, ordering: .relaxed)
            return hash.verifies(password)
        }
        try await Harness.run(hasher: hasher) { h in
            let (browser, page) = try await twoFirstVisits(h)
            for _ in 0..<20 {
                let shown = try await h.signIn(browser, at: page, as: "mallory", password: "wrong")
                #expect(shown.status == .badRequest && shown.input("interaction") != nil)
                #expect(shown.input("username") == "" && !shown.text.contains("mallory"))
            }
            #expect(tried.load(ordering: .relaxed) == 0)
            #expect(browser.cookies["gatehouse"] == nil)
            #expect(try await h.browserLogins() == 0)
        }
    }

    @Test func `a sign-in page is valid for ten minutes and renewed for up to an hour`()
        async throws
    {
        try await Harness.run { h in
            let browser = h.browser()
            let page = try await h.authorize(browser, h.request())
            h.clock.advance(by: 600)
            var shown = try await h.signIn(browser, at: page)
            for _ in 0..<4 {
                #expect(shown.status == .badRequest && shown.input("interaction") != nil)
                h.clock.advance(by: 700)
                shown = try await h.signIn(browser, at: shown)
            }
            // 3,400 seconds after the first page.
            h.clock.advance(by: 199)
            let last = try await h.signIn(browser, at: page)
            #expect(last.status == .badRequest && last.input("interaction") != nil)
            h.clock.advance(by: 1)
            for expired in [page, shown, last] {
                let answer = try await h.signIn(browser, at: expired)
                #expect(answer.status == .gone && answer.input("interaction") == nil)
                #expect(answer.isPage("expired") && answer.continuation == nil)
            }
            #expect(try await h.browserLogins() == 0)
        }
    }

    @Test func `within the hour the page that was shown again signs in`() async throws {
        try await Harness.run { h in
            let browser = h.browser()
            let page = try await h.authorize(browser, h.request())
            h.clock.advance(by: 3_000)
            let shown = try await h.signIn(browser, at: page)
            h.clock.advance(by: 599)
            #expect(try await h.signIn(browser, at: shown).status == .seeOther)
        }
    }

    @Test func `a clock that is set back makes no request last longer`() async throws {
        try await Harness.run { h in
            let browser = h.browser()
            let page = try await h.authorize(browser, h.request())
            h.clock.advance(by: -5_000)
            let shown = try await h.signIn(browser, at: page)
            #expect(shown.status == .badRequest && shown.input("interaction") != nil)
            h.clock.advance(by: 3_600)
            #expect(try await h.signIn(browser, at: shown).status == .gone)
        }
    }

    @Test func `a damaged seal is refused`() async throws {
        try await Harness.run { h in
            let browser = h.browser()
            let token = try #require(try await h.authorize(browser, h.request()).input("interaction"))
            for altered in ["", String(token.dropLast(4)), token.dropLast(4) + "AAAA"] {
                let form = [("interaction", altered), ("username", "ada"), ("password", Harness.password)]
                let answer = try await browser.post("/login", form)
                #expect(answer.status == .badRequest && answer.input("interaction") == nil)
            }
            #expect(try await h.browserLogins() == 0)
        }
    }

    @Test func `a browser without cookies gets a page that asks for them`() async throws {
        try await Harness.run { h in
            let browser = h.browser()
            let page = try await h.authorize(browser, h.request())
            browser.cookies = [:]
            let shown = try await h.signIn(browser, at: page)
            #expect(shown.status == .badRequest && shown.element("problem")?.contains("cookie") == true)
            #expect(try await h.signIn(browser, at: shown).status == .seeOther)
        }
    }

    @Test(arguments: [true, false])
    func `a sign-in page that expired leads back with access_denied where this account approved the client before`(
        hasApproved: Bool
    ) async throws {
        try await Harness.run { h in
            let browser = h.browser()
            let page = try await h.authorize(browser, h.request(["state": "late"]))
            h.clock.advance(by: 3_600)
            if hasApproved { _ = try await h.tokens(browser) } else { _ = try await h.account(browser) }
            let answer = try await h.signIn(browser, at: page)
            #expect(answer.status == .gone)
            let query = FormText.decode(queryOf: answer.continuation ?? "")
            #expect(query["error"] == (hasApproved ? ["access_denied"] : nil))
            #expect(query["state"] == (hasApproved ? ["late"] : nil))
            #expect(query["iss"] == (hasApproved ? ["http://localhost"] : nil))
            #expect(!answer.isPage("finished"))
            #expect(try await h.sessions().count == (hasApproved ? 1 : 0))
        }
    }

    @Test func `an expired request of a removed client has no link`() async throws {
        try await Harness.run { h in
            let browser = h.browser()
            let other = try await h.register("other", redirects: [Harness.redirect])
            _ = try await h.code(browser, ["client_id": "other"])
            let page = try await h.authorize(browser, h.request(["client_id": "other", "prompt": "login"]))
            h.clock.advance(by: 3_600)
            _ = try await h.account(browser)
            try await h.gatehouse.store.write { [now = h.clock.now] in
                _ = try $0.clients.remove(client: other.id, .byAdmin(at: now, .clientRemoved))
            }
            let answer = try await h.signIn(browser, at: page)
            #expect(answer.status == .gone && answer.continuation == nil)
        }
    }

    @Test(arguments: ["/account", "/e/pag_AAAAAAAAAAAAAAAAAAAAAA"])
    func `the other sign-in pages are renewed too, and after an hour they lead to their page`(path: String)
        async throws
    {
        try await Harness.run { h in
            let browser = h.browser()
            let page = try await browser.get(path)
            h.clock.advance(by: 600)
            let shown = try await h.signIn(browser, at: page)
            #expect(shown.status == .badRequest && shown.input("interaction") != nil)
            h.clock.advance(by: 3_000)
            let moved = try await h.signIn(browser, at: shown)
            #expect(moved.status == .seeOther)
            #expect(moved.headers[.location]?.hasPrefix("http://localhost" + path.prefix(3)) == true)
            #expect(try await h.browserLogins() == 0)
            #expect(try await h.signIn(browser, at: try await h.follow(browser, moved)).status == .seeOther)
        }
    }
}

extension Harness {
    /// An hour passes in which the user's login stays active.
    func letAnHourPass(_ browser: TestBrowser) async throws {
        for _ in 0..<3 {
            clock.advance(by: 1_200)
            _ = try await browser.get("/account")
        }
    }
}

@Suite("A consent page that was open for long")
struct LateConsentTests {
    private static let both = "files:read files:write"

    @Test func `after ten minutes it is shown again with the user's choices, and nothing is approved`() async throws {
        try await Harness.run { h in
            let browser = h.browser()
            let page = try await h.consentPage(browser, h.request(["scope": Self.both]))
            h.clock.advance(by: 600)
            let shown = try await h.decide(browser, at: page, scopes: ["files:write"], lifetime: "1h")
            #expect(shown.status == .badRequest && shown.continuation == nil)
            #expect(shown.isPage("consent") && shown.element("problem") != nil)
            #expect(shown.text.contains("name=\"scope\" value=\"files:write\" checked"))
            #expect(shown.text.contains("name=\"scope\" value=\"files:read\">"))
            #expect(try await h.sessions().isEmpty)
            #expect(try await h.records(.sessionApproved).isEmpty)
            let answer = try await h.decide(browser, at: shown, scopes: ["files:write"], lifetime: "1h")
            #expect(answer.continuation?.contains("code=") == true)
            #expect(try await h.sessions().map(\.scope.string) == ["files:write"])
        }
    }

    @Test func `a denial counts for as long as the request lives`() async throws {
        try await Harness.run { h in
            let browser = h.browser()
            let page = try await h.consentPage(browser, h.request())
            h.clock.advance(by: 1_500)
            #expect(try await h.decide(browser, at: page, "deny").continuation?.contains("access_denied") == true)
        }
    }

    @Test(arguments: [true, false])
    func `after an hour it has expired, with a link back for a client that was approved before`(hasApproved: Bool)
        async throws
    {
        try await Harness.run { h in
            let browser = h.browser()
            if hasApproved { _ = try await h.tokens(browser) }
            let location = try await consentAddress(h, browser)
            let page = try await browser.get(location)
            for _ in 0..<3 {
                h.clock.advance(by: 1_199)
                #expect(try await browser.get(location).input("token") != nil, "it is open")
            }
            h.clock.advance(by: 3)
            for answer in [try await browser.get(location), try await h.decide(browser, at: page)] {
                #expect(answer.status == .gone && answer.isPage("expired"))
                #expect(!answer.isPage("finished"))
                let query = FormText.decode(queryOf: answer.continuation ?? "")
                #expect(query["error"] == (hasApproved ? ["access_denied"] : nil))
                #expect(query["state"] == (hasApproved ? ["xyz"] : nil))
            }
            #expect(try await h.sessions().count == (hasApproved ? 1 : 0))
        }
    }

    @Test(arguments: [["max_age": "60"], ["prompt": "login"]])
    func `the age of the sign-in is checked again`(wanted: [String: String]) async throws {
        try await Harness.run { h in
            let browser = h.browser()
            let page = try await h.consentPage(browser, h.request(wanted.mapValues { $0 }))
            h.clock.advance(by: 599)
            let early = try await h.decide(browser, at: page, lifetime: "99d")
            #expect(early.input("token") != nil, "still as fresh as it was")
            h.clock.advance(by: 1)
            let shown = try await h.decide(browser, at: page)
            let asked = try await h.decide(browser, at: shown)
            #expect(asked.input("interaction") != nil && asked.element("notice") != nil)
            #expect(try await h.sessions().isEmpty)
            let again = try await h.follow(browser, try await h.signIn(browser, at: asked))
            #expect(try await h.decide(browser, at: again).continuation?.contains("code=") == true)
            #expect(try await h.sessions().map(\.authTime) == [h.clock.now])
        }
    }

    @Test func `a login that expires while the page is open is renewed, and the page returns`() async throws {
        try await Harness.run { h in
            let browser = h.browser()
            let location = try await consentAddress(h, browser)
            let page = try await browser.get(location)
            h.clock.advance(by: 1_801)
            let stranger = try await h.browser().get(location)
            #expect(stranger.status == .forbidden && stranger.input("interaction") == nil)
            for asked in [try await browser.get(location), try await h.decide(browser, at: page)] {
                #expect(asked.status == .forbidden && asked.input("interaction") != nil)
                #expect(asked.text.contains("Quill Notes") && asked.input("username") == "")
            }
            let asked = try await browser.get(location)
            let shown = try await h.follow(browser, try await h.signIn(browser, at: asked))
            #expect(try await h.decide(browser, at: shown).continuation?.contains("code=") == true)
            #expect(try await h.sessions().map(\.authTime) == [h.clock.now])
        }
    }

    @Test func `another user who signs in there sees nothing of it`() async throws {
        try await Harness.run { h in
            _ = try await h.addUser("bob")
            let browser = h.browser()
            let location = try await consentAddress(h, browser)
            h.clock.advance(by: 1_801)
            let asked = try await browser.get(location)
            let answer = try await h.follow(browser, try await h.signIn(browser, at: asked, as: "bob"))
            #expect(answer.status == .forbidden && !answer.text.contains("Team Files"))
            #expect(try await h.sessions().isEmpty)
        }
    }

    @Test func `another user in a login of another browser sees nothing of a consent page`() async throws {
        // The login of the page stays, so only the check of its user keeps the page from the other one.
        try await Harness.run { h in
            _ = try await h.addUser("bob")
            let browser = h.browser()
            let location = try await consentAddress(h, browser)
            let stranger = h.browser()
            _ = try await h.signIn(stranger, at: h.authorize(stranger, h.request()), as: "bob")
            let answer = try await stranger.get(location)
            #expect(answer.status == .forbidden && !answer.text.contains("Team Files"))
            #expect(try await browser.get(location).input("token") != nil)
        }
    }

    /// Where the consent page of a request is.
    private func consentAddress(_ h: Harness, _ browser: TestBrowser) async throws -> String {
        var answer = try await h.authorize(browser, h.request())
        if answer.input("interaction") != nil { answer = try await h.signIn(browser, at: answer) }
        return String(try #require(answer.headers[.location]).dropFirst("http://localhost".count))
    }
}
