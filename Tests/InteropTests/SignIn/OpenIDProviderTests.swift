import JOSE
import TestSupport
import Testing

/// The providers of the sign-in tests do by themselves what those tests rely on.
@Suite("OpenID providers for the tests of sign-in")
struct OpenIDProviderTests {
    private func play(
        _ product: OpenIDProvider.Product, _ test: (OpenIDProvider) async throws -> Void
    ) async throws {
        try await Stage.play { stage in
            try await test(OpenIDProvider(product, on: stage, relyingParty: "http://localhost:9"))
        }
    }

    @Test(arguments: OpenIDProvider.Product.allCases)
    func `Authlib gets an ID token with the nonce and the user's groups, and none with another code verifier`(
        product: OpenIDProvider.Product
    ) async throws {
        try await play(product) { provider in
            let ada = try await provider.authlibToken(for: "ada")
            #expect(ada == ["sub": "ada", "groups": ["editors", "staff"], "verified": true])
            let grace = try await provider.authlibToken(for: "grace")
            #expect(grace == ["sub": "grace", "groups": ["staff"], "verified": true])
            #expect(try await provider.authlibToken(for: "ada", withOtherVerifier: true) == ["error": "invalid_grant"])
        }
    }

    @Test(arguments: OpenIDProvider.Product.allCases)
    func `the next sign-in shows a changed group and a new key, also after the provider was down`(
        product: OpenIDProvider.Product
    ) async throws {
        try await play(product) { provider in
            try await provider.add("grace", to: "editors")
            try await provider.remove("ada", from: "staff")
            #expect(try await provider.authlibToken(for: "grace")["groups"] == ["editors", "staff"])
            #expect(try await provider.authlibToken(for: "ada")["groups"] == ["editors"])
            try await provider.stop()
            await #expect(throws: Conversation.Failure.self) { try await provider.authlibToken(for: "ada") }
            try await provider.restart()
            try await provider.rotateKey()
            #expect(try await provider.authlibToken(for: "ada")["verified"] == true)
        }
    }
}
