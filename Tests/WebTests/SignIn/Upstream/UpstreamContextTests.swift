import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

@Suite("RFC 9470 §5 Authentication contexts that only an identity provider knows")
struct UpstreamContextTests {
    private static let gold = "urn:example:gold"
    private static let withGold: @Sendable (inout IdentityProviderDraft) -> Void = { $0.contexts = [Self.gold] }

    private func listed(_ h: Harness) async throws -> [String] {
        let text = try await h.client.execute(uri: "/.well-known/oauth-authorization-server", method: .get).text
        return try JSONObject(parsing: Array(text.utf8))["acr_values_supported"]?.strings ?? []
    }

    /// What the client learns: by a redirect, or by a page that leads back to it.
    private static func parameters(_ answer: TestResponse) -> [String: [String]] {
        FormText.decode(queryOf: answer.headers[.location] ?? answer.continuation ?? "")
    }

    @Test func `the metadata lists the contexts of the providers, as long as they are registered`() async throws {
        try await UpstreamSteps.withProvider { h, provider in
            let own = try await listed(h)
            #expect(own == [AuthenticationContext.password.rawValue])
            provider.change(["acr_values_supported": ["urn:example:silver", "has a blank", ""]])
            try await h.upstream.add(provider, as: "second", Self.withGold)
            #expect(try await listed(h) == own + [Self.gold, "urn:example:silver"])
            try await h.upstream.run(.remove("second"))
            #expect(try await listed(h) == own)
        }
    }

    @Test func `a context that a client asks for goes to the provider that knows it, and into the tokens`() async throws
    {
        try await UpstreamSteps.withProvider(change: Self.withGold) { h, provider in
            try await h.upstream.add(provider, as: "plain")
            let browser = h.browser()
            let verifier = CodeVerifier.random()
            let page = try await h.authorize(
                browser, h.request(["acr_values": "urn:example:platinum \(Self.gold)"], verifier: verifier))
            #expect(page.isPage("sign-in"))
            let elsewhere = try await h.upstream.depart(browser, from: page, to: "plain")
            #expect(elsewhere.query["acr_values"] == nil)
            let departure = try await h.upstream.depart(browser, from: page)
            #expect(departure.query["acr_values"] == [Self.gold])
            provider.prepare(try h.upstream.idToken(departure, of: provider, ["acr": .string(Self.gold)]))
            let consent = try await h.follow(browser, h.upstream.comeBack(browser, departure))
            #expect(consent.isPage("consent"))
            let approved = try await h.decide(browser, at: consent)
            let code = FormText.decode(queryOf: approved.continuation ?? "")["code"]?.first ?? ""
            let tokens = try await h.redeem(Redeemable(code: code, verifier: verifier.reveal())).tokens
            #expect(try await h.introspect(tokens.access)["acr"] == .string(Self.gold))
        }
    }

    @Test func `an answer in another context reaches the client as an unmet requirement`() async throws {
        try await UpstreamSteps.withProvider(change: Self.withGold) { h, provider in
            for acr: JSON? in ["urn:example:silver", nil] {
                let browser = h.browser()
                let page = try await h.authorize(browser, h.request(["acr_values": Self.gold]))
                let answer = try await h.upstream.signIn(browser, from: page, at: provider, ["acr": acr])
                let error = Self.parameters(answer)["error"]
                #expect(error == ["unmet_authentication_requirements"], "\(acr ?? .null)")
                #expect(Self.parameters(answer)["code"] == nil)
            }
            #expect(try await h.sessions().isEmpty)
        }
    }

    @Test func `a context counts at the provider that lists it, and at no other that asserts it`() async throws {
        try await UpstreamSteps.withProvider(change: Self.withGold) { h, provider in
            try await h.upstream.add(provider, as: "plain")
            for (name, isGold) in [("plain", false), ("corp", true)] {
                let browser = h.browser()
                let page = try await h.authorize(browser, h.request(["acr_values": Self.gold]))
                let answer = try await h.upstream.signIn(
                    browser, from: page, at: provider, named: name, ["acr": .string(Self.gold)])
                let context = try await h.upstream.login(browser)?.authentication.context
                #expect((context?.rawValue == Self.gold) == isGold, "\(name)")
                let error = Self.parameters(answer)["error"]
                #expect(error == (isGold ? nil : ["unmet_authentication_requirements"]), "\(name)")
            }
            let browser = h.browser()
            let own = AuthenticationContext.password.rawValue
            _ = try await h.upstream.enter(browser, at: provider, ["acr": .string(own)])
            #expect(
                try await h.upstream.login(browser)?.authentication.context.rawValue != own, "nor this server's own")
        }
    }

    @Test func `the metadata is made once, and again for each change of a provider`() async throws {
        try await UpstreamSteps.withProvider(change: Self.withGold) { h, provider in
            let endpoint = h.gatehouse.metadata
            let first = try await endpoint.document()
            #expect(try await endpoint.document().entityTag == first.entityTag)
            let version = h.gatehouse.store.identityProvidersVersion
            _ = try await h.upstream.enter(h.browser(), at: provider)
            #expect(h.gatehouse.store.identityProvidersVersion == version, "a sign-in has nothing read again")
            var change = IdentityProviderChange()
            change.options = ["acr": []]
            try await h.upstream.run(.edit("corp", change))
            #expect(try await endpoint.document().entityTag != first.entityTag)
            #expect(try await listed(h) == [AuthenticationContext.password.rawValue])
        }
    }

    @Test func `a sign-in with the password does not pass for the provider's context`() async throws {
        try await UpstreamSteps.withProvider(change: Self.withGold) { h, _ in
            let browser = h.browser()
            _ = try await h.tokens(browser)
            let page = try await h.authorize(browser, h.request(["acr_values": Self.gold]))
            #expect(page.isPage("sign-in"), "a password login is not enough")
            let answer = try await h.signIn(browser, at: page)
            #expect(Self.parameters(answer)["error"] == ["unmet_authentication_requirements"])
        }
    }

    @Test func `a context that nobody knows is refused before the sign-in`() async throws {
        try await UpstreamSteps.withProvider(change: Self.withGold) { h, _ in
            let answer = try await h.authorize(h.browser(), h.request(["acr_values": "urn:example:platinum"]))
            #expect(Self.parameters(answer)["error"] == ["unmet_authentication_requirements"])
        }
    }
}
