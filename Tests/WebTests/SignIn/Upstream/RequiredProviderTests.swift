import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

@Suite("MCP servers whose users sign in at one identity provider")
struct RequiredProviderTests {
    private func play(
        _ test: @Sendable @escaping (Harness, LoopbackIdentityProvider) async throws -> Void
    ) async throws {
        try await UpstreamSteps.withProvider { h, provider in
            try await h.upstream.add(provider, as: "lab")
            try await require("corp", h)
            try await test(h, provider)
        }
    }

    private func require(_ provider: String, _ h: Harness) async throws {
        try await h.administer(
            .resources(.policy(h.resource.id.string, PolicyChange(identityProvider: provider))))
    }

    @Test func `the sign-in page for it offers that provider alone`() async throws {
        try await play { h, provider in
            let browser = h.browser()
            let page = try await h.authorize(browser, h.request())
            #expect(page.text.contains("Continue with <bdi>corp</bdi>") && !page.text.contains("<bdi>lab</bdi>"))
            #expect(page.input("username") == nil && page.element("required") != nil)
            let answer = try await h.upstream.signIn(browser, from: page, at: provider)
            #expect(answer.headers[.location]?.contains("/consent?") == true)
            let account = try await h.browser().get("/account")
            #expect(account.input("username") == "" && account.text.contains("<bdi>lab</bdi>"), "other pages offer all")
        }
    }

    @Test func `the page finds the MCP server of a request that names it twice, and of a client with no other`()
        async throws
    {
        try await play { h, _ in
            _ = try await h.addServer("https://other.example/mcp")
            _ = try await h.register("narrow", redirects: [Harness.redirect], resources: [h.resource.id])
            for request in [
                h.request() + [("resource", h.resource.identifier.string)],
                h.request(["client_id": "narrow", "resource": nil]),
            ] {
                let page = try await h.authorize(h.browser(), request)
                #expect(page.element("required") != nil && page.input("username") == nil, "\(request)")
            }
        }
    }

    @Test func `a login that was proved in another way is asked to sign in there, and not without end`() async throws {
        try await play { h, provider in
            for way in ["password", "lab"] {
                let browser = h.browser()
                if way == "lab" {
                    _ = try await h.upstream.enter(browser, at: provider, as: "in-lab", named: "lab")
                } else {
                    _ = try await h.signIn(browser, at: browser.get("/account"))
                }
                let page = try await h.authorize(browser, h.request())
                #expect(page.status == .ok && page.isPage("sign-in") && page.element("required") != nil, "\(way)")
                let answer = try await h.upstream.signIn(browser, from: page, at: provider)
                let consent = try #require(answer.headers[.location])
                #expect(consent.contains("/consent?"), "\(way)")
                let shown = try await browser.get(String(consent.dropFirst("http://localhost".count)))
                #expect(shown.isPage("consent") && shown.text.contains("ada.l@corp"))
            }
        }
    }

    @Test func `a password that is posted by hand signs in, and leads back to the page`() async throws {
        try await play { h, _ in
            let browser = h.browser()
            let page = try await h.authorize(browser, h.request())
            let answer = try await h.signIn(browser, at: page)
            #expect(answer.status == .ok && answer.isPage("sign-in") && answer.element("required") != nil)
            #expect(try await h.upstream.login(browser)?.userID == h.user.id)
            #expect(try await h.records(.sessionApproved).isEmpty)
        }
    }

    @Test func `a policy that changes while the consent page is open counts at the approval`() async throws {
        try await play { h, _ in
            try await require("", h)
            let browser = h.browser()
            let page = try await h.authorize(browser, h.request())
            let signedIn = try await h.signIn(browser, at: page)
            let consent = try await browser.get(
                String(try #require(signedIn.headers[.location]).dropFirst("http://localhost".count)))
            try await require("corp", h)
            let refused = try await h.decide(browser, at: consent)
            #expect(refused.isPage("sign-in") && refused.element("required") != nil)
            #expect(try await h.records(.sessionApproved).isEmpty)
        }
    }

    @Test func `a device gets its approval also where the provider does not say when the user signed in`() async throws
    {
        try await play { h, provider in
            let linked = UpstreamIdentity(
                issuer: try OpenIDIssuer(provider.issuer), subject: "ada-upstream", userID: h.user.id,
                provider: try ProviderName("corp"), name: nil, email: nil, createdAt: h.clock.now)
            #expect(try await h.gatehouse.store.write { try $0.upstreamIdentities.record(linked) })
            let draft = ClientDraft(
                id: "tool", name: "Night Tool", redirectURIs: [], authMethod: "none", resources: [], usesDevice: true)
            try await h.administer(.clients(.add(draft)))
            let started = try await h.send(
                "/device_authorization",
                [
                    ("client_id", "tool"), ("scope", "files:read"), ("resource", h.resource.identifier.string),
                ])
            let browser = h.browser()
            let entry = try await h.follow(browser, h.signIn(browser, at: browser.get("/device")))
            let review = try await browser.post(
                "/device",
                [
                    ("token", entry.input("token") ?? ""), ("user_code", started.json["user_code"]?.string ?? ""),
                    ("step", "find"),
                ])
            let form = ["token", "user_code"].map { ($0, review.input($0) ?? "") }
            let consent = try await h.follow(browser, browser.post("/device", form + [("step", "proceed")]))
            let page = try await h.decide(browser, at: consent)
            #expect(page.isPage("sign-in") && page.element("required") != nil, "\(page.text)")
            let departure = try await h.upstream.depart(browser, from: page)
            #expect(departure.query["prompt"] == nil && departure.query["max_age"] == nil, "it is the first there")
            provider.prepare(try h.upstream.idToken(departure, of: provider, ["auth_time": nil]))
            let back = try await h.follow(browser, h.upstream.comeBack(browser, departure))
            #expect(back.isPage("consent"), "\(back.text)")
            #expect(try await h.sessions().isEmpty)
            #expect(try await h.decide(browser, at: back).isPage("device-end"))
            #expect(try await h.sessions().map(\.userID) == [h.user.id])
        }
    }

    @Test func `prompt=none stays an error`() async throws {
        try await play { h, _ in
            let browser = h.browser()
            _ = try await h.signIn(browser, at: browser.get("/account"))
            let answer = try await h.authorize(browser, h.request(["prompt": "none"]))
            #expect(answer.headers[.location]?.contains("error=") == true)
        }
    }

    @Test func `a provider that was removed opens the MCP server to nobody`() async throws {
        try await play { h, _ in
            let answer = try await h.upstream.run(.remove("corp"))
            #expect(answer.warning?.contains("Nobody can sign in for Team Files") == true)
            let page = try await h.authorize(h.browser(), h.request())
            #expect(page.element("no-way") != nil && page.input("username") == nil)
            let browser = h.browser()
            _ = try await h.signIn(browser, at: browser.get("/account"))
            #expect(try await h.authorize(browser, h.request()).element("no-way") != nil)
        }
    }

    @Test func `the policy shows the provider, and an unknown one is refused`() async throws {
        try await play { h, _ in
            let shown = try await h.administer(.resources(.policy(h.resource.id.string, PolicyChange())))
            #expect(shown.rows.first?["identity_provider"] == "corp")
            let isRefused = try await h.upstream.isRefused { try await require("nowhere", h) }
            #expect(isRefused)
            try await require("", h)
            #expect(try await h.authorize(h.browser(), h.request()).input("username") == "")
            let reasons = Set(try await h.records(.policyChanged).map(\.reason))
            #expect(reasons == ["identity provider corp", "no identity provider"])
        }
    }
}
