import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import NIOCore
import OAuth
import Outbound
import ServerSupport
import Storage
import TestSupport
import Testing

@Suite("OpenID Connect Core §3.1 Signing in at an identity provider")
struct UpstreamSignInTests {
    @Test
    func `the sign-in page offers each provider beside the password, and a page that is merely shown asks nothing`()
        async throws
    {
        try await UpstreamSteps.withProvider { h, provider in
            let page = try await h.authorize(h.browser(), h.request())
            #expect(page.text.contains("Continue with <bdi>corp</bdi>") && page.input("username") != nil)
            #expect(provider.tokenRequests.isEmpty)
            #expect(try await h.gatehouse.store.read { try $0.signInAttempts.count() } == 0)
        }
        try await Harness.run { h in
            let page = try await h.authorize(h.browser(), h.request())
            #expect(!page.text.contains("Continue with"))
        }
    }

    @Test func `a user who signs in at the provider comes back to the request that waited, approves and gets tokens`()
        async throws
    {
        try await UpstreamSteps.withProvider { h, provider in
            let browser = h.browser()
            let verifier = CodeVerifier.random()
            let page = try await h.authorize(browser, h.request(verifier: verifier))
            let departure = try await h.upstream.depart(browser, from: page)
            #expect(departure.page.status == .ok && departure.page.isPage("hand-off"))
            #expect(departure.query["redirect_uri"] == ["http://localhost/sign-in/corp/callback"])
            #expect(departure.query["scope"] == ["openid profile email"])
            #expect(departure.query["code_challenge_method"] == ["S256"])
            #expect(departure.state.utf8.count == 43 && departure.nonce.utf8.count == 43)
            #expect(departure.state != departure.nonce)
            provider.prepare(try h.upstream.idToken(departure, of: provider))
            let answer = try await h.upstream.comeBack(browser, departure)
            #expect(answer.status == .seeOther)
            let location = try #require(answer.headers[.location])
            let consent = try await browser.get(String(location.dropFirst("http://localhost".count)))
            #expect(consent.isPage("consent") && consent.text.contains("ada.l@corp"))
            let approved = try await h.decide(browser, at: consent)
            let code = FormText.decode(queryOf: approved.continuation ?? "")["code"]?.first ?? ""
            let tokens = try await h.redeem(Redeemable(code: code, verifier: verifier.reveal())).tokens
            let known = try await h.introspect(tokens.access)
            #expect(known["active"] == true && known["username"] == "ada.l@corp")
            let sent = try #require(provider.tokenRequests.first)
            #expect(sent.contains("code_verifier=") && sent.contains("code=code-canary"))
        }
    }

    @Test func `the login remembers who vouched, when, in which context and by which methods`() async throws {
        let listing: @Sendable (inout IdentityProviderDraft) -> Void = { $0.contexts = ["urn:example:gold"] }
        try await UpstreamSteps.withProvider(change: listing) { h, provider in
            let browser = h.browser()
            let time = h.clock.now.seconds - 200
            let answer = try await h.upstream.enter(
                browser, at: provider,
                ["auth_time": .integer(time), "acr": "urn:example:gold", "amr": ["hwk", "pin"], "sid": "s-1"])
            #expect(answer.status == .seeOther && answer.headers[.location] == "http://localhost/account")
            let login = try #require(try await h.upstream.login(browser))
            #expect(login.authentication.voucher?.string == provider.issuer)
            #expect(login.authentication.time.seconds == time)
            #expect(login.authentication.context.rawValue == "urn:example:gold")
            #expect(login.authentication.methods.map(\.rawValue) == ["hwk", "pin"])
            let origin = try await h.gatehouse.store.read { try $0.upstreamLogins.find(login.id) }
            #expect(origin?.sessionID == "s-1" && origin?.subject == "ada-upstream")
            let record = try #require(try await h.records(.personSignedIn).last)
            #expect(record.reason == "identity provider corp" && record.initiator == .human)
        }
    }

    @Test func `a provider that does not tell when the user authenticated gives no recent sign-in`() async throws {
        try await UpstreamSteps.withProvider { h, provider in
            let browser = h.browser()
            _ = try await h.upstream.enter(browser, at: provider, ["auth_time": nil])
            let login = try #require(try await h.upstream.login(browser))
            #expect(h.clock.now - login.authTime == 43_200)
            #expect(login.authentication.methods == [.federated])
            let page = try await browser.get("/account")
            let form = [("token", page.input("token") ?? ""), ("step", "end_all")]
            #expect(try await browser.post("/account", form).status == .forbidden)
        }
    }

    @Test func `a page that a signed-in user has to sign in for again demands a new authentication, and compares it`()
        async throws
    {
        try await UpstreamSteps.withProvider { h, provider in
            let browser = h.browser()
            let start = h.clock.now.seconds
            _ = try await h.upstream.enter(browser, at: provider)
            h.clock.advance(by: 1_000)
            let account = try await browser.get("/account")
            let form = [("token", account.input("token") ?? ""), ("step", "end_all")]
            let again = try await browser.post("/account", form)
            #expect(again.status == .forbidden)
            let departure = try await h.upstream.depart(browser, from: again)
            #expect(departure.query["prompt"] == ["login"] && departure.query["max_age"] == ["300"])
            for stale: JSON? in [nil, .integer(start)] {
                let departure = try await h.upstream.depart(browser, from: again)
                provider.prepare(try h.upstream.idToken(departure, of: provider, ["auth_time": stale]))
                let refused = try await h.upstream.comeBack(browser, departure)
                #expect(refused.status == .badRequest && refused.isPage("sign-in"))
                #expect(refused.element("problem")?.contains("did not confirm") == true)
                #expect(try await h.upstream.login(browser)?.authTime.seconds == start)
            }
            let last = try await h.upstream.depart(browser, from: again)
            provider.prepare(try h.upstream.idToken(last, of: provider))
            #expect(try await h.upstream.comeBack(browser, last).status == .seeOther)
            #expect(try await h.upstream.login(browser)?.authTime == h.clock.now)
        }
    }

    @Test func `what a client demands of the sign-in is passed on, and compared with the answer`() async throws {
        try await UpstreamSteps.withProvider { h, provider in
            let browser = h.browser()
            let page = try await h.authorize(
                browser, h.request(["max_age": "600", "login_hint": "ada@example.com"]))
            let departure = try await h.upstream.depart(browser, from: page)
            #expect(departure.query["max_age"] == ["600"] && departure.query["login_hint"] == ["ada@example.com"])
            #expect(departure.query["prompt"] == nil)
            let old = h.clock.now.seconds - 661
            provider.prepare(try h.upstream.idToken(departure, of: provider, ["auth_time": .integer(old)]))
            #expect(try await h.upstream.comeBack(browser, departure).status == .badRequest)
            for change in [["prompt": "login"], ["max_age": "0"]] {
                let anew = try await h.authorize(browser, h.request(change))
                let departure = try await h.upstream.depart(browser, from: anew)
                #expect(departure.query["prompt"] == ["login"] && departure.query["max_age"] == ["300"])
            }
        }
    }

    @Test func `with password sign-in off, only the providers remain, and a typed password is not looked at`()
        async throws
    {
        let adjust: @Sendable (inout Settings) throws -> Void = { $0.signIn.password = false }
        try await UpstreamSteps.withProvider(adjust: adjust) { h, provider in
            let browser = h.browser()
            let page = try await h.authorize(browser, h.request())
            #expect(page.input("username") == nil && page.text.contains("Continue with <bdi>corp</bdi>"))
            let typed = try await h.signIn(browser, at: page)
            #expect(typed.status == .badRequest)
            #expect(try await h.browserLogins() == 0)
            #expect(try await h.upstream.enter(browser, at: provider).status == .seeOther)
        }
    }

    @Test func `keys that the provider replaced are fetched again once, and an unknown key does not fetch for ever`()
        async throws
    {
        try await UpstreamSteps.withProvider { h, provider in
            #expect(try await h.upstream.enter(h.browser(), at: provider).status == .seeOther)
            let next = SigningKey.generate()
            provider.publish([provider.key, next])
            h.clock.advance(by: 61)
            let browser = h.browser()
            let departure = try await h.upstream.depart(browser, from: browser.get("/account"))
            provider.prepare(try h.upstream.idToken(departure, of: provider, key: next))
            #expect(try await h.upstream.comeBack(browser, departure).status == .seeOther)
            #expect(provider.keyRequests == 2)
            for _ in 0..<3 {
                let stranger = h.browser()
                let departure = try await h.upstream.depart(stranger, from: stranger.get("/account"))
                provider.prepare(try h.upstream.idToken(departure, of: provider, key: .generate()))
                #expect(try await h.upstream.comeBack(stranger, departure).status == .badGateway)
            }
            #expect(provider.keyRequests == 2)
        }
    }

    @Test func `a provider that does not answer is told calmly, and the page stays`() async throws {
        let hasty = OperatorClient(deadline: .milliseconds(400))
        try await UpstreamSteps.withProvider(operators: hasty) { h, provider in
            provider.behave(.silent)
            let browser = h.browser()
            let page = try await h.upstream.signIn(browser, from: h.authorize(browser, h.request()), at: provider)
            #expect(page.status == .serviceUnavailable && page.isPage("sign-in"))
            #expect(page.element("problem")?.contains("cannot be reached") == true)
            #expect(page.input("interaction") != nil)
        }
    }

    @Test func `a provider that is down or confused is told calmly, and the page offers another try`() async throws {
        try await UpstreamSteps.withProvider { h, provider in
            let cases: [(LoopbackIdentityProvider.Manner, HTTPResponse.Status, String)] = [
                (.answering("503 Later", body: "{}"), .serviceUnavailable, "cannot be reached"),
                (.answering("400 Bad", body: #"{"error":"invalid_grant"}"#), .badGateway, "cannot accept"),
                (.answering("200 OK", body: "<html>"), .badGateway, "cannot accept"),
                (
                    .answering("200 OK", body: #"{"access_token":"a","token_type":"Bearer"}"#), .badGateway,
                    "cannot accept"
                ),
            ]
            let browser = h.browser()
            var page = try await h.authorize(browser, h.request())
            for (manner, status, words) in cases {
                provider.behave(manner)
                page = try await h.upstream.signIn(browser, from: page, at: provider)
                #expect(page.status == status && page.isPage("sign-in"))
                #expect(page.element("problem")?.contains(words) == true, "\(words)")
                #expect(!page.text.contains("canary") && !page.text.contains("invalid_grant"))
            }
            provider.behave(.giving)
            #expect(try await h.upstream.signIn(browser, from: page, at: provider).status == .seeOther)
        }
    }

    @Test func `a user who cancels at the provider is back on the page`() async throws {
        try await UpstreamSteps.withProvider { h, provider in
            let browser = h.browser()
            let departure = try await h.upstream.depart(browser, from: h.authorize(browser, h.request()))
            let page = try await h.upstream.comeBack(
                browser, departure, ["code": nil, "error": "access_denied", "error_description": "<script>"])
            #expect(page.status == .badRequest && page.text.contains("You did not sign in at corp"))
            #expect(!page.text.contains("script>") && provider.tokenRequests.isEmpty)
            #expect(try await h.upstream.signIn(browser, from: page, at: provider).status == .seeOther)
        }
    }
}
