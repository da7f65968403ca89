import AuthorizationServer
import JOSE
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

@Suite("The key with which Gatehouse authenticates at identity providers")
struct IdentityProviderKeyTests {
    private static let withKey: @Sendable (inout IdentityProviderDraft) -> Void = {
        $0.clientSecret = nil
        $0.usesKey = true
    }

    private func play(
        _ test: @Sendable @escaping (Harness, LoopbackIdentityProvider) async throws -> Void
    ) async throws {
        let provider = try await LoopbackIdentityProvider.start()
        try await Harness.run { h in try await test(h, provider) }
        try await provider.stop()
    }

    @Test func `the first provider with a key makes it, the next one shares it, and both print its public half alone`()
        async throws
    {
        try await play { h, provider in
            #expect(h.gatehouse.keys.published(.assertions, at: h.clock.now.seconds).keys.isEmpty)
            let answer = try await h.upstream.add(provider, Self.withKey)
            let row = try #require(answer.rows.first)
            #expect(row["auth"] == "private_key_jwt" && row["assertion_audience"] == "token_endpoint")
            #expect(answer.note?.contains("http://localhost/jwks") == true)
            let printed = try #require(row["client_jwks"]?.string)
            let set = try JWKSet(json: JSONObject(parsing: Array(printed.utf8)))
            #expect(set == h.gatehouse.keys.published(.assertions, at: h.clock.now.seconds) && set.keys.count == 1)
            #expect(!printed.contains("\"d\""))
            try await h.upstream.add(provider, as: "second", Self.withKey)
            #expect(try await h.upstream.run(.show("second")).rows.first?["client_jwks"] == .string(printed))
            #expect(try await h.gatehouse.store.read { try $0.sealedValues.count() } == 0)
        }
    }

    @Test func `a provider with a secret has no key, and none is made for it`() async throws {
        try await play { h, provider in
            let answer = try await h.upstream.add(provider)
            #expect(answer.rows.first?["client_jwks"] == nil && answer.note?.contains("/jwks") == false)
            #expect(h.gatehouse.keys.published(.assertions, at: h.clock.now.seconds).keys.isEmpty)
        }
    }

    @Test func `a provider that could not verify the key is refused, unless the operator says that it can`()
        async throws
    {
        try await play { h, provider in
            provider.change(["token_endpoint_auth_methods_supported": ["client_secret_post"]])
            await #expect(throws: AdministrationError.self) { try await h.upstream.add(provider, Self.withKey) }
            try await h.upstream.add(provider) {
                Self.withKey(&$0)
                $0.authMethod = "private_key_jwt"
            }
            provider.change([
                "token_endpoint_auth_methods_supported": ["private_key_jwt"],
                "token_endpoint_auth_signing_alg_values_supported": ["PS256"],
            ])
            await #expect(throws: AdministrationError.self) {
                try await h.upstream.add(provider, as: "other", Self.withKey)
            }
            #expect(try await h.gatehouse.store.read { try $0.identityProviders.names() }.count == 1)
        }
    }

    @Test func `a provider for connected accounts takes no key`() async throws {
        try await play { h, _ in
            var draft = ProviderDraft(name: "calendar", owner: "Ada", clientID: "gatehouse")
            draft.authorizationEndpoint = "https://calendar.example/a"
            draft.tokenEndpoint = "https://calendar.example/t"
            draft.authMethod = "private_key_jwt"
            let request = AdministrationRequest.providers(.add(draft))
            await #expect(throws: AdministrationError.self) { try await h.upstream.run(request) }
            let providers = try await h.gatehouse.store.read { try $0.providers.list() }
            #expect(providers.isEmpty)
        }
    }

    @Test func `ending the key names the providers that need the new one`() async throws {
        try await play { h, provider in
            let unused = try await h.upstream.run(.keys(.weigh(purpose: "assertions"))).note
            #expect(unused?.contains("nothing depends on these keys") == true)
            try await h.upstream.add(provider, Self.withKey)
            let old = h.gatehouse.keys.signingIfAny(.assertions, at: h.clock.now.seconds)?.kid
            let note = try await h.upstream.run(.keys(.weigh(purpose: "assertions"))).note
            #expect(note?.contains("at corp") == true)
            try await h.upstream.run(.keys(.replace(purpose: "assertions", reason: nil)))
            let published = h.gatehouse.keys.published(.assertions, at: h.clock.now.seconds).keys
            #expect(published.count == 1 && published.first?.kid != old)
        }
    }

    @Test func `a test of a provider says that it needs the public key`() async throws {
        try await play { h, provider in
            try await h.upstream.add(provider, Self.withKey)
            let findings = try await h.upstream.run(.test("corp")).rows
            let key = try #require(findings.first { $0["subject"] == "client key" })
            #expect(key["result"] == "ok" && key["finding"]?.string?.contains("/jwks") == true)
        }
    }
}
