import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

@Suite("Scopes that require a recent sign-in")
struct FreshSignInTests {
    private static let both = "files:read files:write"

    /// `files:write` wants a sign-in of the last five minutes.
    private func run(_ test: @Sendable @escaping (Harness, TestBrowser) async throws -> Void) async throws {
        try await Harness.run { h in
            try await h.fixtures.setReach(["files:write": ("", ["pay"], 300)])
            try await test(h, h.browser())
        }
    }

    /// The sign-in page that asks once more, and nothing else.
    private func isAskedAgain(_ page: TestResponse) -> Bool {
        page.status == .ok && page.input("interaction") != nil && page.input("username") == "ada"
            && page.isPage("sign-in") && page.element("notice") != nil
    }

    private func path(_ answer: TestResponse) throws -> String {
        String(try #require(answer.headers[.location]).dropFirst("http://localhost".count))
    }

    @Test func `an older sign-in leads to the sign-in page first, and the session carries the new time`()
        async throws
    {
        try await run { h, browser in
            _ = try await h.tokens(browser)
            h.clock.advance(by: 301)
            let page = try await h.authorize(browser, h.request(["scope": Self.both]))
            #expect(isAskedAgain(page))
            #expect(try await h.interactions() == 1, "nothing waits but what was decided")
            #expect(try await h.authorize(browser, h.request()).status == .seeOther, "the narrow scope wants nothing")
            let tokens = try await h.tokens(browser, scopes: ["files:write"], asking: "files:write")
            #expect(try await h.sessions().last?.authTime == h.clock.now)
            #expect(try await h.introspect(tokens.access)["auth_time"]?.integer == h.clock.now.seconds)
        }
    }

    @Test func `a sign-in of exactly the allowed age is enough`() async throws {
        try await run { h, browser in
            let signedIn = h.clock.now
            _ = try await h.tokens(browser)
            h.clock.advance(by: 300)
            _ = try await h.tokens(browser, scopes: ["files:write"], asking: "files:write")
            #expect(try await h.sessions().map(\.authTime) == [signedIn, signedIn])
        }
    }

    @Test(arguments: ["files:list", nil])
    func `a wider scope and an omitted scope require it too`(scope: String?) async throws {
        try await Harness.run { h in
            try await h.fixtures.setReach([
                "files:list": ("files:write", [], nil), "files:write": ("", [], 300), "files:read": ("", [], 600),
            ])
            let browser = h.browser()
            _ = try await h.consentPage(browser, h.request())
            h.clock.advance(by: 601)
            let changes: [String: String?] = ["scope": scope, "prompt": "consent", "max_age": "100000"]
            #expect(isAskedAgain(try await h.authorize(browser, h.request(changes))))
        }
    }

    @Test func `a page that was open too long asks for a sign-in and returns with the user's choices`() async throws {
        try await run { h, browser in
            let verifier = CodeVerifier.random()
            let page = try await h.consentPage(browser, h.request(["scope": Self.both], verifier: verifier))
            h.clock.advance(by: 301)
            let asked = try await h.decide(browser, at: page, scopes: ["files:write"], lifetime: "1h")
            #expect(isAskedAgain(asked))
            #expect(asked.text.contains("Quill Notes"))
            #expect(try await h.sessions().isEmpty)
            #expect(try await h.records(.sessionApproved).isEmpty)
            // Past the end that the request had at first.
            h.clock.advance(by: 400)
            let back = try await h.signIn(browser, at: asked)
            let again = try await browser.get(try path(back))
            #expect(again.text.contains("name=\"scope\" value=\"files:write\" checked"))
            #expect(again.text.contains("name=\"scope\" value=\"files:read\">"), "it was unticked")
            #expect(again.text.contains("name=\"lifetime\" value=\"1h\" checked"))
            let answer = try await h.decide(browser, at: again, scopes: ["files:write"], lifetime: "1h")
            let code = FormText.decode(queryOf: answer.continuation ?? "")["code"]?.first ?? ""
            let tokens = try await h.redeem(Redeemable(code: code, verifier: verifier.reveal())).tokens
            #expect(tokens.scope == "files:write")
            #expect(try await h.sessions().map(\.authTime) == [h.clock.now])
        }
    }

    @Test func `sending the form again without signing in changes nothing`() async throws {
        try await run { h, browser in
            let page = try await h.consentPage(browser, h.request(["scope": Self.both]))
            h.clock.advance(by: 301)
            for _ in 0..<3 {
                #expect(isAskedAgain(try await h.decide(browser, at: page, scopes: ["files:write"])))
                h.clock.advance(by: 60)
            }
            #expect(try await h.sessions().isEmpty)
        }
    }

    @Test func `a user who unticks that scope or denies is not asked`() async throws {
        try await run { h, browser in
            let first = try await h.consentPage(browser, h.request(["scope": Self.both]))
            let second = try await h.consentPage(browser, h.request(["scope": Self.both]))
            h.clock.advance(by: 301)
            #expect(
                try await h.decide(browser, at: first, scopes: ["files:read"]).continuation?.contains("code=") == true)
            #expect(try await h.decide(browser, at: second, "deny").continuation?.contains("access_denied") == true)
            #expect(try await h.sessions().map(\.scope.string) == ["files:read"])
        }
    }

    @Test func `a requirement that an operator sets while the page is open applies at the approval`()
        async throws
    {
        try await Harness.run { h in
            let browser = h.browser()
            let page = try await h.consentPage(browser, h.request(["scope": Self.both]))
            h.clock.advance(by: 301)
            try await h.fixtures.setReach(["files:write": ("", [], 300)])
            #expect(isAskedAgain(try await h.decide(browser, at: page, scopes: ["files:write"])))
            #expect(try await h.sessions().isEmpty)
        }
    }

    @Test func `the return from the sign-in needs the same browser, the same user and the right password`() async throws
    {
        try await run { h, browser in
            let page = try await h.consentPage(browser, h.request(["scope": Self.both]))
            h.clock.advance(by: 301)
            let asked = try await h.decide(browser, at: page, scopes: ["files:write"])
            let wrong = try await h.signIn(browser, at: asked, password: "wrong")
            #expect(wrong.status == .unauthorized && wrong.text.contains("Quill Notes"))
            #expect(
                isAskedAgain(try await h.decide(browser, at: page, scopes: ["files:write"])),
                "a wrong one renews nothing")
            #expect(try await h.signIn(h.browser(), at: asked).status == .badRequest)
            let token = try #require(asked.input("interaction"))
            let altered = [
                ("interaction", token.dropLast(4) + "AAAA"), ("username", "ada"), ("password", Harness.password),
            ]
            #expect(try await browser.post("/login", altered.map { ($0.0, String($0.1)) }).status == .badRequest)
            _ = try await h.addUser("bob")
            let other = try await h.signIn(browser, at: asked, as: "bob")
            #expect(try await browser.get(try path(other)).status == .forbidden)
            #expect(try await h.decide(browser, at: page, scopes: ["files:write"]).status == .forbidden)
            #expect(try await h.sessions().isEmpty)
        }
    }

    @Test func `the return from the sign-in is valid for ten minutes and decides nothing twice`() async throws {
        try await run { h, browser in
            let page = try await h.consentPage(browser, h.request(["scope": Self.both]))
            h.clock.advance(by: 301)
            let asked = try await h.decide(browser, at: page, scopes: ["files:write"])
            let again = try await browser.get(try path(try await h.signIn(browser, at: asked)))
            let code = try await h.decide(browser, at: again, scopes: ["files:write"]).continuation
            let replayed = try await browser.get(try path(try await h.signIn(browser, at: asked)))
            #expect(replayed.continuation == code, "the same answer while its code lives")
            h.clock.advance(by: 61)
            #expect(try await browser.get(try path(try await h.signIn(browser, at: asked))).continuation == nil)
            h.clock.advance(by: 540)
            #expect(try await h.signIn(browser, at: asked).status == .badRequest)
            #expect(try await h.sessions().count == 1)
        }
    }

    @Test func `a sign-in in one of two windows counts in the other`()
        async throws
    {
        try await run { h, browser in
            let one = try await h.consentPage(browser, h.request(["scope": Self.both]))
            let two = try await h.consentPage(browser, h.request(["scope": Self.both, "state": "two"]))
            let stolen = browser.cookies
            h.clock.advance(by: 301)
            let asked = try await h.decide(browser, at: one, scopes: ["files:write"])
            let again = try await browser.get(try path(try await h.signIn(browser, at: asked)))
            let answer = try await h.decide(browser, at: two, scopes: ["files:write"])
            #expect(
                answer.continuation?.contains("state=two") == true && answer.continuation?.contains("code=") == true)
            #expect(
                try await h.decide(browser, at: again, scopes: ["files:write"]).continuation?.contains("code=") == true)
            #expect(try await h.sessions().map(\.authTime) == [h.clock.now, h.clock.now])
            let thief = h.browser()
            thief.cookies = stolen
            #expect(try await h.decide(thief, at: two, scopes: ["files:write"]).status == .forbidden)
        }
    }

    @Test func `a step-up in two parts requires a recent sign-in only for the part with the scope`() async throws {
        try await run { h, browser in
            let first = try await h.tokens(browser)
            h.clock.advance(by: 301)
            #expect(isAskedAgain(try await h.authorize(browser, h.request(["scope": "files:write"]))))
            let same = try await h.refresh(first.refresh, ["scope": Self.both]).tokens
            #expect(same.scope == "files:read")
            #expect(try await h.sessions().map(\.scope.string) == ["files:read"])
        }
    }
}
