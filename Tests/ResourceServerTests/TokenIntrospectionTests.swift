import Foundation
import JOSE
import Testing

@testable import ResourceServer

@Suite("RFC 7662 introspection by a resource server")
struct TokenIntrospectionTests {
    private let clock = ManualClock()

    private func resource(_ server: FakeAuthorizationServer) throws -> ProtectedResource {
        try ProtectedResource(Fixture.configuration(issuer: server.issuer, clock: clock))
    }

    private func outcome(_ resource: ProtectedResource, requiring scopes: [String] = []) async -> Refusal? {
        await refusal { try await resource.authorize(authorizationHeader: "Bearer t", requiring: scopes) }
    }

    @Test func `introspects with its own credentials and parses the response`() async throws {
        try await FakeAuthorizationServer.run { server in
            server.change { $0.answers["t"] = Fixture.answer(issuer: server.issuer) }
            let access = try await resource(server).authorize(
                authorizationHeader: "Bearer t", requiring: ["files:read"])
            #expect(access.subject == "sub_1")
            #expect(access.sessionID == "ses_1")
            let field = "Basic " + Data("res_1:gate_s_x".utf8).base64EncodedString()
            #expect(server.read { $0.credentials } == [field])
            #expect(server.read { $0.forms } == ["token=t&token_type_hint=access_token"])
        }
    }

    @Test func `§2.1 escapes credentials and token as a form does`() async throws {
        try await FakeAuthorizationServer.run { server in
            var configuration = Fixture.configuration(issuer: server.issuer, clock: clock)
            configuration.verification = .introspection(clientID: "a:b", clientSecret: "c d")
            let resource = try ProtectedResource(configuration)
            _ = await refusal { try await resource.authorize(authorizationHeader: "Bearer a+/=") }
            #expect(server.read { $0.credentials } == ["Basic " + Data("a%3Ab:c%20d".utf8).base64EncodedString()])
            #expect(server.read { $0.forms.first?.hasPrefix("token=a%2B%2F%3D&") } == true)
        }
    }

    @Test func `refuses a token as soon as it is inactive`() async throws {
        try await FakeAuthorizationServer.run { server in
            server.change { $0.answers["t"] = Fixture.answer(issuer: server.issuer) }
            let resource = try resource(server)
            #expect(await outcome(resource) == nil)
            server.change { $0.answers["t"] = ["active": false] }
            let refused = await outcome(resource)
            #expect(refused?.status == 401)
            #expect(refused?.challenge?.contains("error=\"invalid_token\"") == true)
        }
    }

    @Test(arguments: [JSON.string("true"), .integer(1), .null])
    func `accepts only the value true for active`(active: JSON) async throws {
        try await FakeAuthorizationServer.run { server in
            var answer = Fixture.answer(issuer: server.issuer)
            answer["active"] = active
            server.change { $0.answers["t"] = answer }
            let refused = await outcome(try resource(server))
            #expect(refused?.kind == .invalidToken)
        }
    }

    @Test func `refuses an active token that is for another server or for none`() async throws {
        try await FakeAuthorizationServer.run { server in
            let resource = try resource(server)
            for audience in [JSON.string("http://127.0.0.1:9/other"), .array([]), nil] {
                var answer = Fixture.answer(issuer: server.issuer)
                answer["aud"] = audience
                server.change { $0.answers["t"] = answer }
                #expect(await outcome(resource)?.status == 401)
            }
        }
    }

    @Test func `answers 403 to a good token without the scope`() async throws {
        try await FakeAuthorizationServer.run { server in
            server.change { $0.answers["t"] = Fixture.answer(issuer: server.issuer) }
            let refused = await outcome(try resource(server), requiring: ["files:write"])
            #expect(refused?.status == 403)
            #expect(refused?.challenge?.contains("scope=\"files:write\"") == true)
        }
    }

    @Test func `accepts the wide scope where the narrow one is needed`() async throws {
        try await FakeAuthorizationServer.run { server in
            var answer = Fixture.answer(issuer: server.issuer)
            answer["scope"] = "files:write"
            server.change { $0.answers["t"] = answer }
            let refused = await outcome(try resource(server), requiring: ["files:read"])
            #expect(refused == nil)
        }
    }

    @Test(arguments: [400, 401, 429, 500])
    func `refuses every token while introspection fails`(status: Int) async throws {
        try await FakeAuthorizationServer.run { server in
            server.change {
                $0.answers["t"] = Fixture.answer(issuer: server.issuer)
                $0.introspectionStatus = status
            }
            let refused = await outcome(try resource(server))
            #expect(refused?.status == 503)
            #expect(refused?.challenge == nil)
            #expect(refused?.fields.contains { $0.name == "Retry-After" } == true)
        }
    }

    @Test func `the reason says that the credentials are rejected and contains no secret`() async throws {
        try await FakeAuthorizationServer.run { server in
            server.change { $0.introspectionStatus = 401 }
            let refused = await outcome(try resource(server))
            #expect(refused?.reason.contains("client id and secret") == true)
            #expect(refused?.reason.contains("gate_s_x") == false)
        }
    }

    @Test func `answers 503 when the authorization server is not there`() async throws {
        let resource = try ProtectedResource(Fixture.configuration(issuer: "http://127.0.0.1:1"))
        #expect(await outcome(resource)?.status == 503)
    }
}
