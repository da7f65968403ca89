import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

@Suite("Abuse of a sign-in at an identity provider")
struct UpstreamAbuseTests {
    @Test func `a callback in another browser signs nobody in and spends nothing`() async throws {
        try await UpstreamSteps.withProvider { h, provider in
            let (attacker, victim) = (h.browser(), h.browser())
            let departure = try await h.upstream.depart(attacker, from: attacker.get("/account"))
            _ = try await victim.get("/account")
            provider.prepare(try h.upstream.idToken(departure, of: provider, subject: "mallory"))
            for browser in [victim, h.browser()] {
                let answer = try await h.upstream.comeBack(browser, departure)
                #expect(answer.status == .forbidden && answer.text.contains("Nobody was signed in"))
                #expect(try await h.upstream.login(browser) == nil)
            }
            #expect(provider.tokenRequests.isEmpty)
            #expect(try await h.upstream.comeBack(attacker, departure).status == .seeOther)
        }
    }

    @Test func `an unknown state, a missing one and an unknown provider get the same page`() async throws {
        try await UpstreamSteps.withProvider { h, _ in
            let browser = h.browser()
            let departure = try await h.upstream.depart(browser, from: browser.get("/account"))
            let answers = [
                try await h.upstream.comeBack(browser, departure, ["state": "guess"]),
                try await h.upstream.comeBack(browser, departure, ["state": nil]),
                try await h.upstream.comeBack(browser, departure, to: "other"),
                try await h.upstream.comeBack(browser, departure, to: "NOT-a-name"),
            ]
            #expect(answers.allSatisfy { $0.status == .forbidden && $0.text.contains("Nobody was signed in") })
        }
    }

    @Test func `of parallel callbacks one wins, and a repeated one is told apart from a forged one`() async throws {
        try await UpstreamSteps.withProvider { h, provider in
            let browser = h.browser()
            let departure = try await h.upstream.depart(browser, from: browser.get("/account"))
            provider.prepare(try h.upstream.idToken(departure, of: provider))
            let cookies = browser.cookies
            let statuses = try await withThrowingTaskGroup(of: HTTPResponse.Status.self) { group in
                for _ in 0..<6 {
                    group.addTask {
                        let window = h.browser()
                        window.cookies = cookies
                        return try await h.upstream.comeBack(window, departure).status
                    }
                }
                return try await group.reduce(into: [HTTPResponse.Status]()) { $0.append($1) }
            }
            #expect(statuses.count { $0 == .seeOther } == 1)
            #expect(statuses.count { $0 == .badRequest } == 5)
            #expect(provider.tokenRequests.count == 1)
            browser.cookies = cookies
            let again = try await h.upstream.comeBack(browser, departure)
            #expect(again.element("problem")?.contains("Another window already used") == true)
        }
    }

    @Test func `a callback after ten minutes signs nobody in`() async throws {
        try await UpstreamSteps.withProvider { h, provider in
            let browser = h.browser()
            let departure = try await h.upstream.depart(browser, from: h.authorize(browser, h.request()))
            h.clock.advance(by: 600)
            provider.prepare(try h.upstream.idToken(departure, of: provider))
            let late = try await h.upstream.comeBack(browser, departure)
            #expect(late.status == .badRequest && late.element("problem")?.contains("ten minutes") == true)
            #expect(provider.tokenRequests.isEmpty)
            #expect(try await h.upstream.signIn(browser, from: late, at: provider).status == .seeOther)
        }
    }

    @Test func `the answer of one provider is not accepted for another`() async throws {
        let evil = try await LoopbackIdentityProvider.start()
        try await UpstreamSteps.withProvider { h, provider in
            try await h.upstream.add(evil, as: "evil")
            let browser = h.browser()
            let page = try await browser.get("/account")
            let departure = try await h.upstream.depart(browser, from: page)
            provider.prepare(try h.upstream.idToken(departure, of: provider))
            #expect(try await h.upstream.comeBack(browser, departure, to: "evil").status == .forbidden)
            let named = try await h.upstream.comeBack(browser, departure, ["iss": evil.issuer])
            #expect(named.status == .badRequest && named.element("problem")?.contains("another site") == true)
            #expect(provider.tokenRequests.isEmpty && evil.tokenRequests.isEmpty)
            // The evil provider relays a token of the good one, for its own sign-in.
            let second = try await h.upstream.depart(browser, from: page, to: "evil")
            evil.prepare(try h.upstream.idToken(second, of: provider))
            #expect(try await h.upstream.comeBack(browser, second, to: "evil").status == .badGateway)
            #expect(try await h.upstream.users().map(\.name) == ["ada"])
        }
        try await evil.stop()
    }

    @Test func `a provider that announces iss must send it`() async throws {
        let provider = try await LoopbackIdentityProvider.start()
        provider.change(["authorization_response_iss_parameter_supported": true])
        try await Harness.run { h in
            try await h.upstream.add(provider)
            let browser = h.browser()
            let departure = try await h.upstream.depart(browser, from: browser.get("/account"))
            #expect(try await h.upstream.comeBack(browser, departure).status == .badRequest)
            let next = try await h.upstream.depart(browser, from: browser.get("/account"))
            provider.prepare(try h.upstream.idToken(next, of: provider))
            let answer = try await h.upstream.comeBack(browser, next, ["iss": provider.issuer])
            #expect(answer.status == .seeOther)
        }
        try await provider.stop()
    }

    @Test func `a sign-in gives the browser a new cookie and ends the earlier login`() async throws {
        try await UpstreamSteps.withProvider { h, provider in
            let browser = h.browser()
            browser.cookies["gatehouse"] = "cGxhbnRlZA"
            _ = try await h.upstream.enter(browser, at: provider)
            let first = try #require(browser.cookies["gatehouse"])
            #expect(first != "cGxhbnRlZA")
            let again = try await h.authorize(browser, h.request(["prompt": "login"]))
            _ = try await h.upstream.signIn(browser, from: again, at: provider)
            #expect(browser.cookies["gatehouse"] != first)
            let planted = h.browser()
            planted.cookies["gatehouse"] = first
            #expect(try await h.upstream.login(planted) == nil)
        }
    }

    @Test func `the button works for the page of its own browser alone, and for no other site`() async throws {
        try await UpstreamSteps.withProvider { h, _ in
            let (browser, other) = (h.browser(), h.browser())
            let page = try await browser.get("/account")
            _ = try await other.get("/account")
            let foreign = try await h.upstream.depart(other, from: page)
            #expect(foreign.query.isEmpty && foreign.page.status == .badRequest)
            let form = [("interaction", page.input("interaction") ?? ""), ("provider", "corp")]
            let crossSite = try await browser.post(
                "/sign-in", form, headers: [.origin: "https://evil.example"])
            #expect(crossSite.status == .forbidden)
            let forged = try await browser.post("/sign-in", [("interaction", "AAAA"), ("provider", "corp")])
            #expect(forged.status == .badRequest)
            #expect(try await h.gatehouse.store.read { try $0.signInAttempts.count() } == 0)
        }
    }

    @Test func `nothing in the request leads the browser anywhere else than to the request that waited`() async throws {
        try await UpstreamSteps.withProvider { h, provider in
            let browser = h.browser()
            let page = try await browser.get("/account?next=https://evil.example")
            let departure = try await h.upstream.depart(browser, from: page)
            provider.prepare(try h.upstream.idToken(departure, of: provider))
            let answer = try await h.upstream.comeBack(
                browser, departure, ["next": "https://evil.example", "redirect_uri": "https://evil.example"])
            #expect(answer.headers[.location] == "http://localhost/account")
        }
    }

    private static let forged: [[String: JSON?]] = [
        ["iss": "https://evil.example"], ["aud": "other"], ["aud": ["gatehouse", "other"]], ["nonce": "other"],
        ["nonce": nil], ["exp": 1], ["iat": 1], ["sub": nil], ["sub": ""], ["at_hash": "AAAAAAAAAAAAAAAAAAAAAA"],
    ]

    @Test(arguments: forged.indices)
    func `a forged ID token signs nobody in`(_ index: Int) async throws {
        try await UpstreamSteps.withProvider { h, provider in
            let browser = h.browser()
            let answer = try await h.upstream.enter(browser, at: provider, Self.forged[index])
            #expect(answer.status == .badGateway && answer.isPage("sign-in"))
            #expect(try await h.upstream.login(browser) == nil)
            #expect(try await h.upstream.users().map(\.name) == ["ada"])
            #expect(try await h.records(.personSignedIn).isEmpty)
        }
    }

    @Test func `an issuer that differs by a slash, a case or a port is another one`() async throws {
        try await UpstreamSteps.withProvider { h, provider in
            for issuer in [provider.issuer + "/", provider.issuer.uppercased(), "http://127.0.0.1"] {
                let browser = h.browser()
                let answer = try await h.upstream.enter(browser, at: provider, ["iss": .string(issuer)])
                #expect(answer.status == .badGateway, "\(issuer)")
                #expect(try await h.upstream.login(browser) == nil)
            }
            #expect(try await h.upstream.users().map(\.name) == ["ada"])
        }
    }

    @Test func `an ID token of one sign-in is not accepted in another`() async throws {
        try await UpstreamSteps.withProvider { h, provider in
            let (ada, eve) = (h.browser(), h.browser())
            let first = try await h.upstream.depart(ada, from: ada.get("/account"))
            let stolen = try h.upstream.idToken(first, of: provider)
            let second = try await h.upstream.depart(eve, from: eve.get("/account"))
            provider.prepare(stolen)
            #expect(try await h.upstream.comeBack(eve, second).status == .badGateway)
            #expect(try await h.upstream.login(eve) == nil)
        }
    }

    @Test func `a provider that is removed while its user is away signs nobody in, also when it is added again`()
        async throws
    {
        try await UpstreamSteps.withProvider { h, provider in
            let browser = h.browser()
            let departure = try await h.upstream.depart(browser, from: browser.get("/account"))
            try await h.upstream.run(.remove("corp"))
            #expect(try await h.upstream.comeBack(browser, departure).status == .forbidden)
            try await h.upstream.add(provider)
            #expect(try await h.upstream.comeBack(browser, departure).status == .forbidden)
        }
    }
}
