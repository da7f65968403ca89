import Hummingbird
import JOSE
import NIOCore
import Testing

@testable import ResourceServer

@Suite("The token of an MCP server with a key")
struct ServerTokenTests {
    /// An authorization server that issues the tokens `1`, `2`, …
    private func play(
        _ body: (FakeAuthorizationServer, ProtectedResource, KeyedElicitations) async throws -> Void
    ) async throws {
        let server = FakeAuthorizationServer()
        let routes: (Router<BasicRequestContext>) -> Void = { router in
            router.post("/token") { _, _ in
                server.change { $0.hits["/token", default: 0] += 1 }
                let token: JSONObject = ["access_token": .string("\(server.hits("/token"))"), "expires_in": 600]
                return Self.response(token)
            }
            for path: RouterPath in ["/jobs", "/repeatable"] {
                router.post(path) { request, _ in
                    server.change { $0.hits[request.uri.path, default: 0] += 1 }
                    let field = request.headers[.authorization] ?? ""
                    return Self.response([:], isRefused: server.read { $0.refused.contains(field) })
                }
            }
        }
        try await server.run(adding: routes) {
            let key = try ServerPrivateKey(pem: String(decoding: SigningKey.generate().pem(), as: UTF8.self))
            let configuration = Fixture.configuration(
                issuer: server.issuer, verification: .introspectionByKey(clientID: "res_1", privateKey: key))
            let elicitations = try KeyedElicitations(configuration, key)
            server.change { $0.answers["t"] = Fixture.answer(issuer: server.issuer) }
            try await body(server, try ProtectedResource(configuration), elicitations)
        }
    }

    /// The endpoints for MCP servers with the same credentials.
    private struct KeyedElicitations {
        let authority: ElicitationAuthority

        init(_ configuration: ProtectedResourceConfiguration, _ key: ServerPrivateKey) throws {
            let (issuer, _) = try configuration.parties
            authority = try ElicitationAuthority(
                configuration,
                credentials: .key(KeyCredentials(clientID: "res_1", issuer: issuer, privateKey: key)))
        }

        func post(_ path: String, repeatable: Bool) async -> Bool {
            (try? await authority.ask(.post([], repeatable: repeatable), path)) != nil
        }
    }

    private static func response(_ body: JSONObject, isRefused: Bool = false) -> Response {
        Response(
            status: isRefused ? .unauthorized : .ok, headers: [.contentType: "application/json"],
            body: .init(byteBuffer: ByteBuffer(bytes: body.bytes)))
    }

    @Test func `a token that the authorization server refuses is replaced, and the request is sent again`() async throws
    {
        try await play { server, resource, _ in
            _ = try await resource.authorize(authorizationHeader: "Bearer t")
            server.change { $0.refused = ["Bearer 1"] }
            let access = try await resource.authorize(authorizationHeader: "Bearer t")
            #expect(access.sessionID == "ses_1")
            _ = try await resource.authorize(authorizationHeader: "Bearer t")
            #expect(server.read { $0.credentials } == ["Bearer 1", "Bearer 1", "Bearer 2", "Bearer 2"])
            #expect(server.hits("/token") == 2)
        }
    }

    @Test func `a request is repeated once, however often it is refused`() async throws {
        try await play { server, resource, _ in
            server.change { $0.refused = ["Bearer 1", "Bearer 2", "Bearer 3"] }
            let refused = await refusal { try await resource.authorize(authorizationHeader: "Bearer t") }
            #expect(refused?.status == 503 && refused?.reason.contains("client id and key") == true)
            #expect(server.read { $0.credentials } == ["Bearer 1", "Bearer 2"])
            #expect(server.hits("/token") == 2)
        }
    }

    @Test func `a request that counts twice if it is sent twice is not repeated, and the next one has a new token`()
        async throws
    {
        try await play { server, _, elicitations in
            server.change { $0.refused = ["Bearer 1"] }
            #expect(await !elicitations.post("/jobs", repeatable: false))
            #expect(server.hits("/jobs") == 1 && server.hits("/token") == 1)
            #expect(await elicitations.post("/jobs", repeatable: false))
            #expect(server.hits("/jobs") == 2 && server.hits("/token") == 2)
            server.change { $0.refused = ["Bearer 2"] }
            #expect(await elicitations.post("/repeatable", repeatable: true))
            #expect(server.hits("/repeatable") == 2 && server.hits("/token") == 3)
        }
    }
}
