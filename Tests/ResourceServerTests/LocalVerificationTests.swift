import JOSE
import Testing

@testable import ResourceServer

@Suite("RFC 9068 tokens verified locally")
struct LocalVerificationTests {
    private let clock = ManualClock()

    private func resource(_ server: FakeAuthorizationServer) throws -> ProtectedResource {
        try ProtectedResource(Fixture.configuration(issuer: server.issuer, verification: .local, clock: clock))
    }

    private func token(_ server: FakeAuthorizationServer, _ key: SigningKey, typ: String = "at+jwt") throws -> String {
        try JWT.sign(typ: typ, claims: Fixture.claims(issuer: server.issuer, now: clock.now), with: key)
    }

    private func outcome(_ resource: ProtectedResource, _ token: String) async -> Refusal? {
        await refusal { try await resource.authorize(authorizationHeader: "Bearer " + token) }
    }

    private func kind(_ resource: ProtectedResource, _ token: String) async -> Refusal.Kind? {
        await outcome(resource, token)?.kind
    }

    @Test func `lets a good token through and asks for the keys once`() async throws {
        try await FakeAuthorizationServer.run { server in
            let key = SigningKey.generate()
            server.change { $0.keys = [key.jwk] }
            let resource = try resource(server)
            for _ in 0..<3 {
                let access = try await resource.authorize(
                    authorizationHeader: "Bearer " + token(server, key), requiring: ["files:read"])
                #expect(access.sessionID == "ses_1")
            }
            #expect(server.hits("/jwks") == 1)
        }
    }

    @Test(arguments: ["JWT", "logout+jwt", "secevent+jwt", "at+jwt2", ""])
    func `refuses a token of another type`(typ: String) async throws {
        try await FakeAuthorizationServer.run { server in
            let key = SigningKey.generate()
            server.change { $0.keys = [key.jwk] }
            let refused = await outcome(try resource(server), try token(server, key, typ: typ))
            #expect(refused?.kind == .invalidToken)
        }
    }

    @Test(arguments: ["none", "HS256", "ES256K", "RS256"])
    func `refuses a signature algorithm that the key is not for`(algorithm: String) async throws {
        try await FakeAuthorizationServer.run { server in
            let key = SigningKey.generate()
            server.change { $0.keys = [key.jwk] }
            let header: JSONObject = ["typ": "at+jwt", "alg": .string(algorithm), "kid": .string(key.kid)]
            let signed = try JWS.sign(
                header: header, payload: Fixture.claims(issuer: server.issuer).bytes, with: key)
            let refused = await outcome(try resource(server), signed)
            #expect(refused?.kind == .invalidToken)
        }
    }

    @Test func `refuses a token for another MCP server`() async throws {
        try await FakeAuthorizationServer.run { server in
            let key = SigningKey.generate()
            server.change { $0.keys = [key.jwk] }
            var configuration = Fixture.configuration(issuer: server.issuer, verification: .local, clock: clock)
            configuration.resource = "http://127.0.0.1:9/other"
            let refused = await outcome(try ProtectedResource(configuration), try token(server, key))
            #expect(refused?.status == 401)
            #expect(refused?.challenge?.contains("error=\"invalid_token\"") == true)
        }
    }

    @Test func `refuses a token whose signature another key made under the same name`() async throws {
        try await FakeAuthorizationServer.run { server in
            let (key, foreign) = (SigningKey.generate(), SigningKey.generate())
            server.change { $0.keys = [key.jwk] }
            let header: JSONObject = ["typ": "at+jwt", "alg": "ES256", "kid": .string(key.kid)]
            let forged = try JWS.sign(
                header: header, payload: Fixture.claims(issuer: server.issuer).bytes, with: foreign)
            let refused = await outcome(try resource(server), forged)
            #expect(refused?.kind == .invalidToken)
        }
    }

    @Test func `fetches the keys again for an unknown kid, at most once a minute`() async throws {
        try await FakeAuthorizationServer.run { server in
            let (first, second, unknown) = (SigningKey.generate(), SigningKey.generate(), SigningKey.generate())
            server.change { $0.keys = [first.jwk] }
            let resource = try resource(server)
            #expect(try await kind(resource, token(server, first)) == nil)
            server.change { $0.keys = [first.jwk, second.jwk] }
            clock.advance(60)
            #expect(try await kind(resource, token(server, second)) == nil)
            #expect(server.hits("/jwks") == 2)
            for _ in 0..<5 {
                #expect(try await kind(resource, token(server, unknown)) == .invalidToken)
            }
            clock.advance(59)
            #expect(try await kind(resource, token(server, unknown)) == .invalidToken)
            #expect(server.hits("/jwks") == 2)
            clock.advance(1)
            #expect(try await kind(resource, token(server, unknown)) == .invalidToken)
            #expect(server.hits("/jwks") == 3)
        }
    }

    @Test func `stops accepting a withdrawn key within five minutes`() async throws {
        try await FakeAuthorizationServer.run { server in
            let (old, new) = (SigningKey.generate(), SigningKey.generate())
            server.change { $0.keys = [old.jwk] }
            let resource = try resource(server)
            #expect(try await kind(resource, token(server, old)) == nil)
            server.change { $0.keys = [new.jwk] }
            clock.advance(300)
            #expect(try await kind(resource, token(server, old)) == .invalidToken)
        }
    }

    @Test func `uses cached keys for an hour while fetching fails, then refuses`() async throws {
        try await FakeAuthorizationServer.run { server in
            let key = SigningKey.generate()
            server.change { $0.keys = [key.jwk] }
            let resource = try resource(server)
            #expect(try await kind(resource, token(server, key)) == nil)
            server.change { $0.isDown = true }
            clock.advance(3599)
            #expect(try await kind(resource, token(server, key)) == nil)
            clock.advance(1)
            let refused = await outcome(resource, try token(server, key))
            #expect(refused?.status == 503)
            #expect(refused?.challenge == nil)
            server.change { $0.isDown = false }
            clock.advance(5)
            #expect(try await kind(resource, token(server, key)) == nil)
        }
    }

    @Test func `fetches the keys once for a hundred concurrent requests`() async throws {
        try await FakeAuthorizationServer.run { server in
            let key = SigningKey.generate()
            server.change { $0.keys = [key.jwk] }
            let resource = try resource(server)
            let field = try "Bearer " + token(server, key)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<100 {
                    group.addTask { _ = try await resource.authorize(authorizationHeader: field) }
                }
                try await group.waitForAll()
            }
            #expect(server.hits("/jwks") == 1)
            #expect(server.hits("metadata") == 1)
        }
    }
}
