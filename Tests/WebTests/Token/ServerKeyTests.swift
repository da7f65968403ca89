import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import NIOCore
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

@Suite("RFC 6749 §4.4 MCP servers that authenticate with a key")
struct ServerKeyTests {
    private static let grant = [("grant_type", "client_credentials")]

    /// A server with an MCP server that holds `key`.
    private func play(_ test: @Sendable @escaping (Harness, Resource, AssertionKey) async throws -> Void) async throws {
        try await Harness.run { h in
            let key = AssertionKey()
            let server = try await h.gatehouse.addServer("https://keyed.example/mcp", key: key)
            try await test(h, server, key)
        }
    }

    private func token(_ h: Harness, _ server: Resource, _ key: AssertionKey) async throws -> String {
        let form = try key.form(of: server.id.string, now: h.clock.now)
        return try await h.send("/token", Self.grant + form).tokens.access
    }

    private func call(
        _ h: Harness, _ method: HTTPRequest.Method, _ path: String, _ token: String?, body: String = ""
    ) async throws -> TestResponse {
        var headers: HTTPFields = [
            .contentType: path == "/introspect" ? "application/x-www-form-urlencoded" : "application/json"
        ]
        if let token { headers[.authorization] = "Bearer " + token }
        return try await h.client.execute(uri: path, method: method, headers: headers, body: ByteBuffer(string: body))
    }

    @Test func `it introspects with an assertion, once each`() async throws {
        try await play { h, server, key in
            let form = try key.form(of: server.id.string, now: h.clock.now)
            #expect(try await h.send("/introspect", [("token", "x")] + form).json["active"]?.bool == false)
            #expect(try await h.send("/introspect", [("token", "x")] + form).error == "invalid_client")
            #expect(try await h.send("/token", Self.grant + form).error == "invalid_client", "nor at another endpoint")
            #expect(try await h.gatehouse.spentTokens() == 1)
            let stranger = try AssertionKey().form(of: server.id.string, now: h.clock.now, header: ["kid": nil])
            #expect(try await h.send("/introspect", [("token", "x")] + stranger).error == "invalid_client")
            #expect(try await h.gatehouse.spentTokens() == 1)
        }
    }

    @Test func `its id alone opens nothing`() async throws {
        try await play { h, server, _ in
            let id = [("client_id", server.id.string)]
            for (path, form) in [("/introspect", [("token", "x")]), ("/token", Self.grant)] {
                for secret in [[], [("client_secret", "")], [("client_secret", "x")]] {
                    let answer = try await h.send(path, form + id + secret)
                    #expect(answer.error == "invalid_client" && answer.status == .unauthorized, "\(path) \(secret)")
                }
                let basic = try await h.send(path, form, basic: (server.id.string, ""))
                #expect(basic.error == "invalid_client" && basic.status == .unauthorized, "\(path)")
            }
            #expect(try await h.records(.serverTokenIssued).isEmpty)
        }
    }

    @Test func `its token opens every endpoint for MCP servers, and for no longer than ten minutes`() async throws {
        try await play { h, server, key in
            let form = try key.form(of: server.id.string, now: h.clock.now)
            let answer = try await h.send("/token", Self.grant + form)
            #expect(answer.status == .ok && answer.json["expires_in"]?.integer == 600)
            #expect(answer.json["refresh_token"] == nil && answer.json["issued_token_type"] == nil)
            #expect(answer.headers[.cacheControl] == "no-store")
            let token = answer.tokens.access
            let calls: [(HTTPRequest.Method, String, String, HTTPResponse.Status)] = [
                (.post, "/introspect", "token=x", .ok), (.get, "/events/status", "", .ok),
                (.post, "/events/poll", #"{"returnImmediately":true}"#, .ok), (.get, "/jobs/unknown", "", .notFound),
                (.get, "/elicitations/unknown", "", .notFound),
            ]
            for (method, path, body, status) in calls {
                #expect(try await call(h, method, path, token, body: body).status == status, "\(path)")
                #expect(try await call(h, method, path, nil, body: body).status == .unauthorized, "\(path)")
                #expect(try await call(h, method, path, token + "x", body: body).status == .unauthorized, "\(path)")
            }
            h.clock.advance(by: 600)
            for (method, path, body, _) in calls {
                #expect(try await call(h, method, path, token, body: body).status == .unauthorized, "\(path)")
            }
            #expect(try await h.records(.serverTokenIssued).count == 1)
        }
    }

    @Test func `its token ends with its keys and with the MCP server`() async throws {
        try await play { h, server, key in
            let token = try await token(h, server, key)
            let ending = SessionEnding(reason: .resourceRemoved, initiator: .admin, actor: .system, at: h.clock.now)
            _ = try await h.gatehouse.store.write { try $0.resources.remove(resource: server.id, ending) }
            #expect(try await call(h, .get, "/events/status", token).status == .unauthorized)
            #expect(try await call(h, .post, "/introspect", token, body: "token=x").status == .unauthorized)
        }
    }

    @Test func `an MCP server with a secret gets no token, and a client none by this way`() async throws {
        try await play { h, server, key in
            let basic = (h.resource.id.string, h.resourceSecret.reveal())
            #expect(try await h.send("/token", Self.grant, basic: basic).error == "unauthorized_client")
            let secret = [("client_id", server.id.string), ("client_secret", h.resourceSecret.reveal())]
            #expect(try await h.send("/token", Self.grant + secret).error == "invalid_client")
            let asking = try key.form(of: server.id.string, now: h.clock.now) + [("scope", "files:read")]
            #expect(try await h.send("/token", Self.grant + asking).error == "invalid_scope")
            #expect(try await h.records(.serverTokenIssued).isEmpty)
        }
    }

    @Test func `its token is no access token of a user, and a user's is none of an MCP server`() async throws {
        try await play { h, server, key in
            let (own, users) = (try await token(h, server, key), try await h.tokens().access)
            #expect(try await h.introspect(own)["active"]?.bool == false)
            #expect(try await call(h, .get, "/events/status", users).status == .unauthorized)
            #expect(try await call(h, .post, "/introspect", users, body: "token=\(users)").status == .unauthorized)
        }
    }
}
