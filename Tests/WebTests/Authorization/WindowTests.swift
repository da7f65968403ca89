import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import TestSupport
import Testing

@testable import Web

@Suite("Cross-origin opener and referrer policies")
struct WindowTests {
    private func policy(_ answer: TestResponse) -> String? { answer.headers[FieldNames.openerPolicy] }

    @Test func `pages of an authorization keep the connection to their opener, and every other page cuts it`()
        async throws
    {
        try await Harness.run { h in
            let browser = h.browser()
            let signIn = try await h.authorize(browser, h.request())
            let wrong = try await h.signIn(browser, at: signIn, password: "wrong")
            browser.cookies = [:]
            let outdated = try await h.signIn(browser, at: signIn)
            let consent = try await h.follow(browser, try await h.signIn(browser, at: outdated))
            let incomplete = try await h.decide(browser, at: consent, scopes: [])
            let switched = try await h.decide(browser, at: consent, "switch")
            let handOff = try await h.decide(browser, at: consent)
            let refused = try await h.authorize(browser, h.request(["client_id": "nobody"]))
            let malformed = try await browser.get("/authorize?%")
            let shared = [signIn, wrong, outdated, consent, incomplete, switched, handOff, refused, malformed]
            for (number, page) in shared.enumerated() {
                #expect(page.headers[.contentType]?.hasPrefix("text/html") == true, "\(number)")
                #expect(policy(page) == nil, "\(number)")
            }
            #expect(handOff.continuation?.contains("code=") == true)
        }
    }

    @Test(arguments: ["/account", "/e/pag_AAAAAAAAAAAAAAAAAAAAAA"])
    func `the sign-in pages of the account and of an elicitation are isolated`(path: String) async throws {
        try await Harness.run { h in
            let browser = h.browser()
            let signIn = try await browser.get(path)
            let wrong = try await h.signIn(browser, at: signIn, password: "wrong")
            browser.cookies = [:]
            let outdated = try await h.signIn(browser, at: signIn)
            let page = try await h.follow(browser, try await h.signIn(browser, at: outdated))
            for answer in [signIn, wrong, outdated, page] { #expect(policy(answer) == "same-origin") }
        }
    }

    @Test
    func `error pages of the consent and sign-in routes are isolated`()
        async throws
    {
        try await Harness.run { h in
            let browser = h.browser()
            let unknown = try await browser.get("/consent?interaction=int_AAAAAAAAAAAAAAAAAAAAAA")
            let empty = try await browser.post("/login", [])
            let foreign = try await browser.post("/login", [], headers: [.origin: "https://evil.example"])
            for answer in [unknown, empty, foreign, try await browser.get("/nothing")] {
                #expect(policy(answer) == "same-origin")
            }
        }
    }

    @Test func `pages with forms send their origin, and those that carry a code send nothing`() async throws {
        try await Harness.run { h in
            let browser = h.browser()
            let signIn = try await h.authorize(browser, h.request())
            let consent = try await h.follow(browser, try await h.signIn(browser, at: signIn))
            let account = try await h.account(browser)
            for page in [signIn, consent, account] {
                #expect(page.headers[FieldNames.referrerPolicy] == "same-origin")
            }
            let handOff = try await h.decide(browser, at: consent)
            #expect(handOff.continuation?.contains("code=") == true)
            let callback = try await browser.get("/connect/hub/callback?code=x&state=y")
            for page in [handOff, callback, try await browser.get("/nothing")] {
                #expect(page.headers[FieldNames.referrerPolicy] == "no-referrer")
            }
        }
    }

    @Test func `a page has a form exactly where its template has one`() throws {
        let renderer = try PageRenderer(templatesDirectory: TestRoutes.templates)
        for page in Pages.all {
            #expect(renderer.render(page.sample).contains("<form") == page.hasForm, "\(page.template)")
        }
    }

    @Test(arguments: [nil, "same-origin"])
    func `a form with Origin null passes only with valid token and cookie`(site: String?)
        async throws
    {
        try await Harness.run { h in
            var opaque: HTTPFields = [.origin: "null"]
            opaque[FieldNames.fetchSite] = site
            let browser = h.browser()
            let signIn = try await h.authorize(browser, h.request())
            let credentials = [
                ("interaction", signIn.input("interaction") ?? ""), ("username", "ada"), ("password", Harness.password),
            ]
            let stranger = try await h.browser().post("/login", credentials, headers: opaque)
            #expect(stranger.status == .badRequest)
            #expect(try await h.browserLogins() == 0)
            let signedIn = try await browser.post("/login", credentials, headers: opaque)
            #expect(signedIn.status == .seeOther)
            let consent = try await h.follow(browser, signedIn)
            let decision = [("decision", "approve"), ("scope", "files:read"), ("lifetime", "12h")]
            let forged = try await browser.post("/consent", [("token", "x")] + decision, headers: opaque)
            #expect(forged.status == .forbidden)
            #expect(try await h.sessions().isEmpty)
            let token = [("token", consent.input("token") ?? "")]
            let answer = try await browser.post("/consent", token + decision, headers: opaque)
            #expect(answer.continuation?.contains("code=") == true)
        }
    }

    @Test(arguments: [
        ("cross-site", "null"), ("same-site", "null"), ("none", "null"), ("same-origin", "https://x.example"),
    ])
    func `with everything else good, another site's form is refused`(site: String, origin: String) async throws {
        try await Harness.run { h in
            let browser = h.browser()
            let consent = try await h.consentPage(browser, h.request())
            var headers: HTTPFields = [.origin: origin]
            headers[FieldNames.fetchSite] = site
            let form = [
                ("token", consent.input("token") ?? ""), ("decision", "approve"), ("scope", "files:read"),
                ("lifetime", "12h"),
            ]
            #expect(try await browser.post("/consent", form, headers: headers).status == .forbidden)
            #expect(try await h.sessions().isEmpty)
        }
    }
}
