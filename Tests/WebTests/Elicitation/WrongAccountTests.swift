import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

@Suite("The wrong account")
struct WrongAccountTests {
    @Test func `switching the account keeps the request`() async throws {
        try await Harness.run { h in
            let bob = try await h.addUser("bob")
            let browser = h.browser()
            let page = try await h.consentPage(browser, h.request(["scope": "files:read files:write"]))
            #expect(page.text.contains("name=\"decision\" value=\"switch\""))
            let asked = try await h.decide(browser, at: page, "switch")
            #expect(asked.status == .ok && asked.input("username") == "" && asked.text.contains("Quill Notes"))
            let consent = try await h.follow(browser, try await h.signIn(browser, at: asked, as: "bob"))
            #expect(consent.text.contains("<bdi>bob</bdi>") && consent.text.contains("Change your files"))
            let answer = try await h.decide(browser, at: consent, scopes: ["files:write"])
            #expect(
                answer.continuation?.contains("code=") == true && answer.continuation?.contains("state=xyz") == true)
            #expect(try await h.sessions().map(\.userID) == [bob.id])
            #expect(try await h.decide(browser, at: page).status == .forbidden, "ada is not signed in here any more")
        }
    }

    @Test func `after a sign-in to the same account the first page is still valid`() async throws {
        try await Harness.run { h in
            let browser = h.browser()
            let page = try await h.consentPage(browser, h.request())
            let asked = try await h.decide(browser, at: page, "switch")
            _ = try await h.signIn(browser, at: asked)
            #expect(try await h.decide(browser, at: page).continuation?.contains("code=") == true)
        }
    }

    @Test func `switching needs the page's token and decides nothing`() async throws {
        try await Harness.run { h in
            let browser = h.browser()
            let page = try await h.consentPage(browser, h.request())
            let forged = try await browser.post("/consent", [("token", "x"), ("decision", "switch")])
            #expect(forged.status == .forbidden && forged.input("interaction") == nil)
            let stranger = try await h.decide(h.browser(), at: page, "switch")
            #expect(stranger.status == .forbidden && stranger.input("interaction") == nil)
            _ = try await h.decide(browser, at: page, "switch")
            #expect(try await h.sessions().isEmpty)
            #expect(try await h.records(.accessDenied).isEmpty)
        }
    }

    @Test func `login_hint prefills the name, also on the page that is shown again`() async throws {
        try await Harness.run { h in
            let browser = h.browser()
            let page = try await h.authorize(browser, h.request(["login_hint": " bob@example.org\u{A0}"]))
            #expect(page.input("username") == "bob@example.org")
            h.clock.advance(by: 600)
            #expect(try await h.signIn(browser, at: page).input("username") == "bob@example.org")
        }
    }

    @Test func `the account that the hint meant is offered after a switch, the one in use is not`() async throws {
        try await Harness.run { h in
            let browser = h.browser()
            for (hint, offered) in [("bob", "bob"), ("Ada", "")] {
                let page = try await h.consentPage(browser, h.request(["login_hint": hint]))
                #expect(try await h.decide(browser, at: page, "switch").input("username") == offered)
            }
        }
    }

    @Test(arguments: ["", " ", "a\nb", "a\u{202E}b", String(repeating: "a", count: 255)])
    func `a login_hint that no account can have is ignored`(hint: String) async throws {
        try await Harness.run { h in
            let page = try await h.authorize(h.browser(), h.request(["login_hint": hint]))
            #expect(page.status == .ok && page.input("username") == "")
        }
    }

    @Test func `two login_hints are refused`() async throws {
        try await Harness.run { h in
            let answer = try await h.authorize(
                h.browser(), h.request() + [("login_hint", "ada"), ("login_hint", "bob")])
            #expect(answer.headers[.location]?.contains("error=invalid_request") == true)
        }
    }

    static let blanks = [
        " ", "\t", "\n", "\u{85}", "\u{A0}", "\u{1680}", "\u{2003}", "\u{2028}", "\u{202F}", "\u{205F}", "\u{3000}",
        "\u{200B}", "\u{2060}", "\u{FEFF}",
    ]

    @Test func `blanks around a username are ignored, and blanks around a password are not`() async throws {
        try await Harness.run { h in
            for blank in Self.blanks {
                let browser = h.browser()
                let page = try await h.authorize(browser, h.request())
                let name = blank + blank + "ada" + blank
                #expect(
                    try await h.signIn(browser, at: page, as: name).status == .seeOther, "\(blank.debugDescription)")
            }
            let browser = h.browser()
            let page = try await h.authorize(browser, h.request())
            let padded = try await h.signIn(browser, at: page, password: Harness.password + " ")
            #expect(padded.status == .unauthorized)
            #expect(try await h.signIn(browser, at: page, as: "a da").status == .unauthorized)
        }
    }
}
