import AuthorizationServer
import JOSE
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

@Suite("The administration of identity providers")
struct IdentityProviderAdministrationTests {
    private func play(
        _ test: @Sendable @escaping (Harness, LoopbackIdentityProvider) async throws -> Void
    ) async throws {
        let provider = try await LoopbackIdentityProvider.start()
        try await Harness.run { h in try await test(h, provider) }
        try await provider.stop()
    }

    @Test func `a provider is added by its issuer, and its secret is sealed and never shown`() async throws {
        try await play { h, provider in
            let answer = try await h.upstream.add(provider)
            let row = try #require(answer.rows.first)
            #expect(row["redirect_uri"] == "http://localhost/sign-in/corp/callback")
            #expect(row["token_endpoint"] == .string(provider.issuer + "/token") && row["accounts"] == "create")
            #expect(answer.note?.contains("http://localhost/sign-in/corp/callback") == true)
            #expect(answer.warning?.contains("Everybody") == true)
            for request in [IdentityProviderRequest.list, .show("corp")] {
                let shown = try await h.upstream.run(request)
                #expect(!"\(shown)".contains("canary"))
            }
            let sealed = try await h.gatehouse.store.read { transaction in
                try transaction.sealedValues.list(in: .identityProviders, after: "", limit: 9)
            }
            #expect(sealed.count == 1)
            #expect(!String(decoding: sealed[0].bytes, as: UTF8.self).contains("canary"))
            #expect(try await h.records(.identityProviderAdded).map(\.reason) == ["identity provider corp"])
            await #expect(throws: AdministrationError.self) { try await h.upstream.add(provider) }
        }
    }

    @Test func `a draft that could not work or would let in too many is refused`() async throws {
        try await play { h, provider in
            let changes: [(String, @Sendable (inout IdentityProviderDraft) -> Void)] = [
                ("lower-case", { $0.name = "Corp!" }),
                ("TENANT-ID", { $0.issuer = "https://login.microsoftonline.com/common/v2.0" }),
                ("cannot be its own", { $0.issuer = "http://localhost" }),
                ("exactly", { $0.issuer += "/" }),
                ("client id is empty", { $0.clientID = " " }),
                ("none of create", { $0.accounts = ["anything"] }),
                ("not a domain", { $0.domains = ["@ex.com"] }),
                ("not a domain", { $0.domains = ["com"] }),
                ("group is empty", { $0.requiredGroups = [""] }),
                (
                    "require a client secret",
                    {
                        $0.clientSecret = nil
                        $0.authMethod = "client_secret_basic"
                    }
                ),
                ("not an authentication method", { $0.authMethod = "tls_client_auth" }),
                ("needs a key of Gatehouse's own", { $0.authMethod = "private_key_jwt" }),
                ("not both", { $0.usesKey = true }),
                ("only for --jwks-key", { $0.assertionAudience = "issuer" }),
                ("not an authentication context", { $0.contexts = ["urn:example:a urn:example:b"] }),
            ]
            for (words, change) in changes {
                do {
                    try await h.upstream.add(provider, change)
                    Issue.record("\(words): accepted")
                } catch let error as AdministrationError {
                    #expect(error.description.contains(words), "\(error.description)")
                }
            }
            #expect(try await h.gatehouse.store.read { try $0.identityProviders.list() }.isEmpty)
        }
    }

    @Test func `endpoints outside the issuer's origin must be public, or typed`() async throws {
        try await play { h, provider in
            for name in ["token_endpoint", "jwks_uri", "authorization_endpoint"] {
                provider.change([name: "http://127.0.0.1:9/internal"])
                await #expect(throws: AdministrationError.self, "\(name)") { try await h.upstream.add(provider) }
            }
            provider.change(["jwks_uri": "https://keys.example/jwks"])
            try await h.upstream.add(provider)
            let found = try await h.gatehouse.store.read { try $0.identityProviders.list() }.first
            #expect(found?.areKeysForeign == true)
            try await h.upstream.add(provider, as: "typed") { $0.keysURL = "http://127.0.0.1:9/jwks" }
            let typed = try await h.gatehouse.store.read { try $0.identityProviders.list() }.last
            #expect(typed?.areKeysForeign == false)
        }
    }

    @Test func `a test tells what a sign-in would meet`() async throws {
        try await play { h, provider in
            try await h.upstream.add(provider)
            let good = try await h.upstream.run(.test("corp"))
            #expect(good.rows.map { $0["result"]?.string } == ["ok", "ok", "ok"])
            provider.publish([])
            provider.change(["token_endpoint": .string(provider.issuer + "/other")])
            let bad = try await h.upstream.run(.test("corp")).rows.filter { $0["result"] == "problem" }
            #expect(bad.compactMap { $0["subject"]?.string } == ["token endpoint", "keys"])
            await #expect(throws: AdministrationError.self) { try await h.upstream.run(.test("other")) }
        }
    }

    @Test func `removing a provider ends the logins that it vouched for, and keeps accounts`() async throws {
        try await UpstreamSteps.withProvider { h, provider in
            let browser = h.browser()
            _ = try await h.upstream.enter(browser, at: provider)
            let answer = try await h.upstream.run(.remove("corp"))
            #expect(answer.note?.contains("Ended 1 browser login.") == true)
            #expect(try await h.upstream.login(browser) == nil)
            #expect(try await h.upstream.users().count == 2)
            #expect(try await h.records(.identityProviderRemoved).count == 1)
            await #expect(throws: AdministrationError.self) { try await h.upstream.run(.remove("corp")) }
        }
    }

    @Test func `a replaced sealing key leaves secrets and sign-ins that are under way usable`() async throws {
        try await UpstreamSteps.withProvider { h, provider in
            let browser = h.browser()
            let departure = try await h.upstream.depart(browser, from: browser.get("/account"))
            let places = try await h.gatehouse.store.read { transaction in
                try SealedValue.Table.allCases.flatMap {
                    try transaction.sealedValues.list(in: $0, after: "", limit: 9)
                }
                .map(\.place)
            }
            let corp = try ProviderName("corp")
            #expect(places.contains(.identityProvider(corp)))
            #expect(places.contains(.signInAttempt(.sha256(departure.state))))
            #expect(try await UnreadableSealedValues.find(in: h.gatehouse.store, keys: h.gatehouse.keys) == nil)
        }
    }
}
