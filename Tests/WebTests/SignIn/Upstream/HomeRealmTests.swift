import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

@Suite("E-mail domains that lead to an identity provider")
struct HomeRealmTests {
    private func play(
        adjust: @Sendable (inout Settings) throws -> Void = { _ in },
        _ test: @Sendable @escaping (Harness, LoopbackIdentityProvider) async throws -> Void
    ) async throws {
        try await UpstreamSteps.withProvider(
            adjust: adjust, change: { $0.homeDomains = ["Example.com", "eng.example.com"] }, test)
    }

    /// Types a name into the page and continues.
    private func type(_ name: String, _ browser: TestBrowser, from page: TestResponse) async throws -> TestResponse {
        try await browser.post("/sign-in", [("interaction", page.input("interaction") ?? ""), ("username", name)])
    }

    private func query(_ page: TestResponse) -> [String: [String]] { FormText.decode(queryOf: page.continuation ?? "") }

    @Test func `the page asks for the name first, and an address of the domain goes to the provider`() async throws {
        try await play { h, provider in
            let browser = h.browser()
            let page = try await h.authorize(browser, h.request())
            #expect(page.isPage("sign-in") && page.input("username") == "" && !page.offersPassword)
            #expect(page.text.contains("Username or e-mail address"))
            #expect(page.text.contains("Continue with <bdi>corp</bdi>"), "the button stays")
            for address in ["ada@example.com", "ADA@EXAMPLE.COM", "ada@eng.example.com"] {
                let leaving = try await type(" \(address) ", browser, from: page)
                #expect(leaving.status == .ok && leaving.isPage("hand-off"))
                #expect(query(leaving)["login_hint"] == [address])
            }
            let leaving = try await type("ada@example.com", browser, from: page)
            let departure = UpstreamSteps.Departure(page: leaving, query: query(leaving))
            provider.prepare(try h.upstream.idToken(departure, of: provider))
            let answer = try await h.upstream.comeBack(browser, departure)
            #expect(answer.status == .seeOther && answer.headers[.location]?.contains("/consent?") == true)
        }
    }

    @Test func `any other name leads to the password, for the same request`() async throws {
        try await play { h, _ in
            for name in ["ada", "ada@example.org", "ada@sub.example.com", "ada@example.com@example.org"] {
                let browser = h.browser()
                let page = try await type(name, browser, from: h.authorize(browser, h.request()))
                #expect(page.status == .ok && page.isPage("sign-in"), "\(name)")
                #expect(page.input("username") == name && page.offersPassword)
                if name == "ada" {
                    let answer = try await h.signIn(browser, at: page)
                    #expect(answer.headers[.location]?.contains("/consent?") == true)
                }
            }
        }
    }

    @Test func `an account that is named like an address of the domain signs in with its password by the button`()
        async throws
    {
        try await play { h, _ in
            _ = try await h.addUser("grace@example.com")
            let browser = h.browser()
            let page = try await browser.get("/account")
            #expect(page.text.contains("Use a password"))
            func choose(_ name: String) async throws -> TestResponse {
                try await browser.post(
                    "/sign-in",
                    [("interaction", page.input("interaction") ?? ""), ("username", name), ("way", "password")])
            }
            for name in ["grace@example.com", "eve@example.com", ""] {
                let asked = try await choose(name)
                #expect(asked.status == .ok && asked.offersPassword && asked.input("username") == name, "\(name)")
            }
            let asked = try await choose("grace@example.com")
            let wrong = try await browser.post(
                "/login",
                [
                    ("interaction", asked.input("interaction") ?? ""), ("username", "grace@example.com"),
                    ("password", "wrong"),
                ])
            #expect(wrong.status == .unauthorized && wrong.offersPassword, "the next try asks for the password again")
            let answer = try await h.signIn(browser, at: wrong, as: "grace@example.com")
            #expect(answer.headers[.location] == "http://localhost/account")
        }
        let withoutPasswords: @Sendable (inout Settings) throws -> Void = { $0.signIn.password = false }
        try await play(adjust: withoutPasswords) { h, _ in
            let browser = h.browser()
            let page = try await browser.get("/account")
            #expect(!page.text.contains("Use a password"))
            let answer = try await browser.post(
                "/sign-in",
                [
                    ("interaction", page.input("interaction") ?? ""), ("username", "ada@example.com"),
                    ("way", "password"),
                ])
            #expect(answer.status == .badRequest && !answer.offersPassword)
        }
    }

    @Test func `the answer is the same whether an account has the name, and looks nothing up`() async throws {
        try await play { h, provider in
            _ = try await h.addUser("grace@example.com")
            func answers(_ known: String, _ unknown: String) async throws -> (TestResponse, TestResponse) {
                let browser = h.browser()
                let page = try await browser.get("/account")
                return (try await type(known, browser, from: page), try await type(unknown, browser, from: page))
            }
            let names = try await answers("ada", "eve")
            #expect(names.0.status == names.1.status)
            func plain(_ page: TestResponse, _ name: String) -> String {
                page.text.replacing("value=\"\(name)\"", with: "").replacing(/[A-Za-z0-9_-]{64,}/, with: "")
            }
            #expect(plain(names.0, "ada") == plain(names.1, "eve"))
            let addresses = try await answers("grace@example.com", "eve@example.com")
            #expect(addresses.0.isPage("hand-off") && addresses.1.isPage("hand-off"))
            #expect(provider.tokenRequests.isEmpty)
        }
    }

    @Test func `a login_hint of the domain preselects its provider, and sends nobody there by itself`() async throws {
        try await play { h, _ in
            let browser = h.browser()
            let page = try await h.authorize(browser, h.request(["login_hint": "ada@example.com"]))
            #expect(page.status == .ok && page.element("preselected") != nil)
            #expect(page.input("username") == "ada@example.com" && page.headers[.location] == nil)
            #expect(query(try await type("ada@example.com", browser, from: page))["login_hint"] == ["ada@example.com"])
            let other = try await h.authorize(browser, h.request(["login_hint": "ada"]))
            #expect(other.element("preselected") == nil && other.offersPassword)
            let silent = try await h.authorize(
                h.browser(), h.request(["login_hint": "ada@example.com", "prompt": "none"]))
            #expect(silent.headers[.location]?.contains("error=login_required") == true, "prompt=none stays an error")
        }
    }

    @Test func `with password sign-in off, an address of no provider gets a sentence`() async throws {
        let withoutPasswords: @Sendable (inout Settings) throws -> Void = { $0.signIn.password = false }
        try await play(adjust: withoutPasswords) { h, _ in
            let browser = h.browser()
            let page = try await type("ada@example.org", browser, from: browser.get("/account"))
            #expect(page.status == .badRequest && !page.offersPassword)
            #expect(page.element("problem")?.contains("No identity provider belongs to this address") == true)
            #expect(page.input("username") == "ada@example.org" && page.text.contains("Continue with <bdi>corp</bdi>"))
        }
    }

    @Test func `an altered page and another browser begin nothing`() async throws {
        try await play { h, _ in
            let (browser, stranger) = (h.browser(), h.browser())
            let page = try await browser.get("/account")
            _ = try await stranger.get("/account")
            let foreign = try await type("ada@example.com", stranger, from: page)
            #expect(foreign.status == .badRequest && !foreign.isPage("hand-off"))
            let altered = try await browser.post(
                "/sign-in", [("interaction", "AAAA"), ("username", "ada@example.com")])
            #expect(altered.status == .badRequest && !altered.isPage("hand-off"))
            #expect(try await h.gatehouse.store.read { try $0.signInAttempts.count() } == 0)
        }
    }

    @Test func `a domain leads to one provider, and is free again when that one is removed`() async throws {
        try await play { h, provider in
            let isTaken = try await h.upstream.isRefused {
                _ = try await h.upstream.add(provider, as: "lab") { $0.homeDomains = ["example.com"] }
            }
            #expect(isTaken)
            #expect(try await h.upstream.run(.list).rows.count == 1, "nothing of it stays")
            let isMalformed = try await h.upstream.isRefused {
                _ = try await h.upstream.add(provider, as: "lab") { $0.homeDomains = ["a@b"] }
            }
            #expect(isMalformed)
            #expect(try await h.upstream.run(.show("corp")).rows.first?["home_domains"]?.strings?.count == 2)
            try await h.upstream.run(.remove("corp"))
            #expect(try await h.browser().get("/account").offersPassword, "no domain is left")
            try await h.upstream.add(provider, as: "lab") { $0.homeDomains = ["example.com"] }
        }
    }
}

extension TestResponse {
    /// Whether the page has a field for the password.
    fileprivate var offersPassword: Bool { text.contains("name=\"password\"") }
}
