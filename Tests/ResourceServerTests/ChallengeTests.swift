import OAuth
import Testing

@testable import ResourceServer

@Suite("RFC 6750 bearer tokens")
struct ChallengeTests {
    private let metadata = "resource_metadata=\"http://127.0.0.1:9/.well-known/oauth-protected-resource/mcp\""

    private func resource() throws -> ProtectedResource {
        try ProtectedResource(Fixture.configuration(issuer: "https://gate.example"))
    }

    @Test func `§3.1 challenges a request without token with scope and metadata but no error`()
        async throws
    {
        let resource = try resource()
        let refused = await refusal { try await resource.authorize(authorizationHeader: nil) }
        #expect(refused?.status == 401)
        #expect(refused?.challenge == "Bearer scope=\"files:read\", " + metadata)
    }

    @Test func `asks for the usual scopes and for those of the operation`() async throws {
        let resource = try resource()
        let refused = await refusal {
            try await resource.authorize(authorizationHeader: nil, requiring: ["files:write"])
        }
        #expect(refused?.challenge == "Bearer scope=\"files:read files:write\", " + metadata)
    }

    @Test func `an insufficient scope names every required scope`() throws {
        let resource = try resource()
        let access = Access(subject: "s", clientID: "c", sessionID: nil, scopes: ["files:read"], expiresAt: 1)
        let refused = #expect(throws: Refusal.self) { try resource.demand(["files:read", "files:write"], of: access) }
        #expect(refused?.status == 403)
        let challenge = refused?.challenge ?? ""
        #expect(challenge.hasPrefix("Bearer error=\"insufficient_scope\", error_description=\""))
        #expect(challenge.hasSuffix("scope=\"files:read files:write\", " + metadata))
    }

    @Test func `accepts a scope for the narrower one that it implies`() throws {
        let catalogue = try ScopeCatalogue([
            ProtectedScope("all", implies: ["write"]), ProtectedScope("write", implies: ["read", "all"]), "read",
        ])
        #expect(catalogue.closure(of: ["all"]) == ["all", "write", "read"])
        #expect(catalogue.closure(of: ["read"]) == ["read"])
        #expect(catalogue.closure(of: ["unknown"]) == ["unknown"])
    }

    @Test func `a scope that implies an on-request scope is not requested at first`() throws {
        let catalogue = try ScopeCatalogue([
            ProtectedScope("write", implies: ["purge"]), ProtectedScope("purge", onRequest: true), "read",
        ])
        #expect(catalogue.initial == ["read"])
        #expect(catalogue.toAskFor(requiring: ["write"]) == ["read", "write"])
    }

    @Test(arguments: ["Bearer", "Bearer ", "Bearer a b", "Bearer a,b", "Bearer =a", "Bearer a=b", "bearer \u{e4}"])
    func `answers 400 to a malformed token`(field: String) async throws {
        let resource = try resource()
        let refused = await refusal { try await resource.authorize(authorizationHeader: field) }
        #expect(refused?.status == 400)
        #expect(refused?.challenge?.contains("error=\"invalid_request\"") == true)
    }

    @Test func `answers 400 to a token of more than 8 KiB`() async throws {
        let resource = try resource()
        let field = "Bearer " + String(repeating: "a", count: 8193)
        let refused = await refusal { try await resource.authorize(authorizationHeader: field) }
        #expect(refused?.status == 400)
    }

    @Test(arguments: ["Basic YTpi", "", "DPoP abc", "Bearerabc"])
    func `§2.1 another scheme counts as no token`(field: String) async throws {
        let resource = try resource()
        let refused = await refusal { try await resource.authorize(authorizationHeader: field) }
        #expect(refused?.kind == .missingToken)
    }

    @Test func `§2.1 reads the scheme in any case and keeps the token as it is`() {
        #expect(BearerCredential(field: "bEARER a-._~+/Z9==") == .token("a-._~+/Z9=="))
    }

    @Test func `§3 no text can end the quoted string or the field`() {
        let challenge = Challenge(
            error: .invalidToken, description: "a\"b\\c\r\nX: y", scopes: [], metadataURL: "https://m.example")
        #expect(
            challenge.value
                == "Bearer error=\"invalid_token\", error_description=\"abcX: y\", resource_metadata=\"https://m.example\""
        )
    }
}
