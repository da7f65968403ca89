import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

@Suite("OpenID Connect Core §9 A key instead of a secret at an identity provider")
struct ProviderKeyTests {
    private static let withKey: @Sendable (inout IdentityProviderDraft) -> Void = {
        $0.clientSecret = nil
        $0.usesKey = true
    }

    /// The form of the last token request.
    private func form(_ provider: LoopbackIdentityProvider) throws -> [String: [String]] {
        let request = try #require(provider.tokenRequests.last)
        let body = request.split(separator: "\r\n\r\n", maxSplits: 1).last.map(String.init) ?? ""
        return FormText.decode(queryOf: "?" + body)
    }

    /// The claims of the last assertion, verified by the keys of `/jwks` at the present time.
    private func assertion(_ h: Harness, _ provider: LoopbackIdentityProvider) async throws -> VerifiedJWT {
        let form = try form(provider)
        #expect(form["client_assertion_type"] == [ClientAssertion.type])
        #expect(form["client_secret"] == nil && form["client_id"] == ["gatehouse"])
        let published = try await h.client.execute(uri: "/jwks", method: .get)
        let set = try JWKSet(json: JSONObject(parsing: Array(published.text.utf8)))
        let keys = VerificationKeySet(try set.keys.map { try VerificationKey($0) })
        return try JWT.verify(
            form["client_assertion"]?.first ?? "", typ: "JWT", algorithms: [.es256], keys: keys)
    }

    @Test func `the token endpoint gets an assertion by a key that is published, and no secret`() async throws {
        try await UpstreamSteps.withProvider(change: Self.withKey) { h, provider in
            #expect(try await h.upstream.enter(h.browser(), at: provider).status == .seeOther)
            let first = try await assertion(h, provider).claims
            #expect(first["iss"] == "gatehouse" && first["sub"] == "gatehouse")
            #expect(first["aud"] == .string(provider.issuer + "/token"))
            #expect(
                first["iat"] == .integer(h.clock.now.seconds) && first["exp"] == .integer(h.clock.now.seconds + 120))
            #expect(provider.tokenRequests.allSatisfy { !$0.lowercased().contains("authorization:") })
            #expect(try await h.upstream.enter(h.browser(), at: provider).status == .seeOther)
            let second = try await assertion(h, provider).claims
            #expect(first["jti"] != second["jti"])
        }
    }

    @Test func `the audience is the issuer where the operator says so`() async throws {
        let change: @Sendable (inout IdentityProviderDraft) -> Void = {
            Self.withKey(&$0)
            $0.assertionAudience = "issuer"
        }
        try await UpstreamSteps.withProvider(change: change) { h, provider in
            _ = try await h.upstream.enter(h.browser(), at: provider)
            #expect(try await assertion(h, provider).claims["aud"] == .string(provider.issuer))
        }
    }

    @Test func `no access token of this server verifies by the key of assertions, and no assertion as a token`()
        async throws
    {
        try await UpstreamSteps.withProvider(change: Self.withKey) { h, provider in
            _ = try await h.upstream.enter(h.browser(), at: provider)
            let sent = try #require(try form(provider)["client_assertion"]?.first)
            #expect(try await h.introspect(sent)["active"] == false)
            let kid = try await assertion(h, provider).kid
            #expect(kid != h.gatehouse.keys.signing(.tokens, at: h.clock.now.seconds).kid)
        }
    }

    @Test func `a rotated key is published before it signs, and the old one after it`() async throws {
        try await UpstreamSteps.withProvider(change: Self.withKey) { h, provider in
            _ = try await h.upstream.enter(h.browser(), at: provider)
            let old = try await assertion(h, provider).kid
            try h.gatehouse.keys.rotate(.assertions, now: h.clock.now.seconds)
            #expect(h.gatehouse.keys.published(.assertions, at: h.clock.now.seconds).keys.count == 2)
            _ = try await h.upstream.enter(h.browser(), at: provider)
            #expect(try await assertion(h, provider).kid == old)
            h.clock.advance(by: KeyRing.publishedAhead)
            _ = try await h.upstream.enter(h.browser(), at: provider)
            #expect(try await assertion(h, provider).kid != old)
        }
    }

    @Test func `a keys folder without the key signs nobody in, and says so calmly`() async throws {
        try await UpstreamSteps.withProvider { h, provider in
            let issuer = try OpenIDIssuer(provider.issuer)
            // As after a restore of the database alone: the provider is there, and its key is not.
            let restored = IdentityProvider(
                issuer: issuer,
                registration: Provider(
                    name: try ProviderName("keyed"), owner: "", issuer: issuer.string,
                    authorizationEndpoint: issuer.string + "/authorize", tokenEndpoint: issuer.string + "/token",
                    clientID: "gatehouse", authMethod: .privateKeyJWT, createdAt: h.clock.now),
                keysURL: issuer.string + "/jwks", areKeysForeign: false, assertionAudience: .tokenEndpoint)
            _ = try await h.gatehouse.store.write { try $0.identityProviders.insert(restored) }
            let answer = try await h.upstream.enter(h.browser(), at: provider, named: "keyed")
            #expect(answer.status == .serviceUnavailable && answer.isPage("sign-in"))
            #expect(provider.tokenRequests.isEmpty)
        }
    }
}
