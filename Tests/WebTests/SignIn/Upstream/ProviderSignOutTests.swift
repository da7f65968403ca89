import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

@Suite("OpenID Connect RP-Initiated Logout §2 Signing out at an identity provider")
struct ProviderSignOutTests {
    /// Runs a test with a provider that has a sign-out, or another answer to that question.
    private func play(
        _ endpoint: String? = "/logout", change: @Sendable @escaping (inout IdentityProviderDraft) -> Void = { _ in },
        _ test: @Sendable @escaping (Harness, LoopbackIdentityProvider) async throws -> Void
    ) async throws {
        let provider = try await LoopbackIdentityProvider.start()
        provider.change(["end_session_endpoint": endpoint.map { .string(provider.issuer + $0) }])
        try await Harness.run { h in
            try await h.upstream.add(provider, change)
            try await test(h, provider)
        }
        try await provider.stop()
    }

    private func signOut(_ browser: TestBrowser, _ step: String = "sign_out") async throws -> TestResponse {
        let page = try await browser.get("/account")
        return try await browser.post("/account", [("token", page.input("token") ?? ""), ("step", step)])
    }

    /// The address of the page's link to the provider.
    private func link(_ page: TestResponse) -> String? {
        page.text.firstMatch(of: /id="sign-out-there" href="([^"]*)"/).map {
            String($0.output.1).replacing("&amp;", with: "&")
        }
    }

    @Test func `a sign-out here comes first, and offers the sign-out at the provider that vouched for the login`()
        async throws
    {
        try await play { h, provider in
            let browser = h.browser()
            _ = try await h.upstream.enter(browser, at: provider, ["sid": "s-1"])
            let page = try await signOut(browser)
            #expect(page.status == .ok && page.isPage("signed-out") && page.text.contains("<bdi>corp</bdi>"))
            #expect(try await h.upstream.login(browser) == nil && browser.cookies["gatehouse"] == nil)
            #expect(try await h.records(.personSignedOut).count == 1)
            let address = try #require(link(page))
            #expect(address.hasPrefix(provider.issuer + "/logout?"))
            let query = FormText.decode(queryOf: address)
            #expect(query["client_id"] == ["gatehouse"] && query["logout_hint"] == ["s-1"])
            #expect(query["post_logout_redirect_uri"] == ["http://localhost/sign-in/corp/signed-out"])
            #expect(query["id_token_hint"] == nil, "no ID token is kept")
            let state = try #require(query["state"]?.first)
            let back = try await browser.get("/sign-in/corp/signed-out?state=\(state)")
            #expect(back.status == .seeOther)
            let location = try #require(back.headers[.location]).dropFirst("http://localhost".count)
            let account = try await browser.get(String(location.prefix { $0 != "#" }))
            #expect(account.element("notice") == "You are signed out here, and back from corp.")
            #expect(account.input("interaction") != nil)
        }
    }

    @Test func `a sign-out of every browser offers it too`() async throws {
        try await play { h, provider in
            let (browser, other) = (h.browser(), h.browser())
            for browser in [browser, other] { _ = try await h.upstream.enter(browser, at: provider) }
            let page = try await signOut(browser, "sign_out_everywhere")
            #expect(page.isPage("signed-out") && page.text.contains("in every browser"))
            #expect(FormText.decode(queryOf: link(page) ?? "")["logout_hint"] == nil, "the provider named no session")
            #expect(try await h.upstream.login(other) == nil)
        }
    }

    @Test
    func `a login with a password, a provider without a sign-out, and one that an operator turned off offer none`()
        async throws
    {
        try await play { h, _ in
            let browser = h.browser()
            _ = try await h.signIn(browser, at: browser.get("/account"))
            #expect(try await signOut(browser).status == .seeOther)
        }
        for (endpoint, typed) in [(nil, nil), ("/logout", "")] as [(String?, String?)] {
            let change: @Sendable (inout IdentityProviderDraft) -> Void = { $0.endSessionEndpoint = typed }
            try await play(endpoint, change: change) { h, provider in
                let browser = h.browser()
                _ = try await h.upstream.enter(browser, at: provider)
                #expect(try await signOut(browser).status == .seeOther)
                #expect(try await h.upstream.login(browser) == nil)
            }
        }
    }

    @Test func `the way back shows nothing that another browser, a stranger or a late answer brings`() async throws {
        try await play { h, provider in
            let browser = h.browser()
            _ = try await h.upstream.enter(browser, at: provider)
            let state = FormText.decode(queryOf: link(try await signOut(browser)) ?? "")["state"]?.first ?? ""
            for query in ["", "?state=", "?state=AAAA", "?state=https%3A%2F%2Fevil.example", "?state=%0d%0aX-Evil%3A1"]
            {
                let answer = try await browser.get("/sign-in/corp/signed-out" + query)
                #expect(answer.status == .seeOther)
                #expect(answer.headers[.location]?.hasPrefix("http://localhost/account") == true)
            }
            func notice(_ browser: TestBrowser) async throws -> String? {
                try await browser.get("/account?notice=\(state)").element("notice")
            }
            #expect(try await notice(h.browser()) == nil)
            #expect(try await notice(browser) != nil)
            h.clock.advance(by: 120)
            #expect(try await notice(browser) == nil)
        }
    }

    @Test func `a form from another site signs nobody out`() async throws {
        try await play { h, provider in
            let browser = h.browser()
            _ = try await h.upstream.enter(browser, at: provider)
            let form = [("token", "AAAA"), ("step", "sign_out")]
            #expect(try await browser.post("/account", form).status == .badRequest)
            #expect(try await h.upstream.login(browser) != nil)
        }
    }

    @Test func `a sign-out address outside the issuer's origin has to be public https, or be typed`() async throws {
        let provider = try await LoopbackIdentityProvider.start()
        provider.change(["end_session_endpoint": "http://10.0.0.1/logout"])
        try await Harness.run { h in
            let isRefused = try await h.upstream.isRefused { _ = try await h.upstream.add(provider) }
            #expect(isRefused)
            let answer = try await h.upstream.add(provider) { $0.endSessionEndpoint = "https://login.example/logout" }
            #expect(answer.rows.first?["end_session_endpoint"] == "https://login.example/logout")
            #expect(answer.note?.contains("http://localhost/sign-in/corp/signed-out") == true)
        }
        try await provider.stop()
    }
}
