import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import Storage
import StorageSupport
import TestSupport
import Testing

@Suite("RFC 7009 Revocation")
struct RevocationTests {
    @Test(arguments: [true, false])
    func `revoking either token ends the session`(refresh: Bool) async throws {
        try await Harness.run { h in
            let tokens = try await h.tokens()
            let token = refresh ? tokens.refresh ?? "" : tokens.access
            #expect(try await h.send("/revoke", [("token", token), ("client_id", "quill")]).status == .ok)
            #expect(try await h.refresh(tokens.refresh).error == "invalid_grant")
            #expect(try await h.introspect(tokens.access)["active"]?.bool == false)
            #expect(try await h.sessions().map(\.state) == [.ended])
        }
    }

    @Test func `an unknown token and another client's get the same response, and nothing ends`() async throws {
        try await Harness.run { h in
            let other = try await h.register("other", redirects: [Harness.redirect])
            let tokens = try await h.tokens()
            let answers = [
                try await h.send("/revoke", [("token", "nonsense"), ("client_id", "quill")]),
                try await h.send("/revoke", [("token", tokens.refresh ?? ""), ("client_id", other.id.string)]),
                try await h.send("/revoke", [("token", tokens.access), ("client_id", other.id.string)]),
            ]
            for answer in answers {
                #expect(answer.status == .ok)
                #expect(answer.text.isEmpty)
            }
            #expect(try await h.refresh(tokens.refresh).status == .ok)
        }
    }

    @Test func `a client that does not prove itself revokes nothing`() async throws {
        try await Harness.run { h in
            let tokens = try await h.tokens()
            let answers = [
                try await h.send("/revoke", [("token", tokens.refresh ?? "")]),
                try await h.send("/revoke", [("token", tokens.refresh ?? ""), ("client_id", "nobody")]),
                try await h.send("/revoke", [("token", tokens.refresh ?? "")], basic: ("quill", "secret")),
            ]
            for answer in answers { #expect(answer.error == "invalid_client") }
            #expect(try await h.refresh(tokens.refresh).status == .ok)
        }
    }

    @Test func `a revoked token that comes back is refused without an alarm`() async throws {
        try await Harness.run { h in
            let tokens = try await h.tokens()
            _ = try await h.send("/revoke", [("token", tokens.refresh ?? ""), ("client_id", "quill")])
            _ = try await h.refresh(tokens.refresh)
            #expect(try await h.sessions().map(\.endReason) == [.revokedByClient])
        }
    }
}

@Suite("RFC 7662 Introspection")
struct IntrospectionTests {
    @Test func `an active token is described`() async throws {
        try await Harness.run { h in
            let tokens = try await h.tokens()
            let body = try await h.introspect(tokens.access)
            let session = try #require(try await h.sessions().first)
            #expect(body["active"]?.bool == true)
            #expect(body["iss"]?.string == "http://localhost")
            #expect(body["aud"]?.string == "https://files.example/mcp")
            #expect(body["client_id"]?.string == "quill")
            #expect(body["sub"]?.string == h.user.subject.string)
            #expect(body["sid"]?.string == session.id.string)
            #expect(body["scope"]?.string == "files:read")
            #expect(body["username"]?.string == "ada")
            #expect(body["exp"]?.integer == h.clock.now.seconds + 600)
        }
    }

    @Test func `every other token is inactive, byte for byte`() async throws {
        try await Harness.run { h in
            let tokens = try await h.tokens()
            let secret = ClientSecret.random()
            let other = Resource(
                identifier: try ResourceIdentifier("https://other.example/mcp"), name: "Other", owner: "Others",
                scopes: [],
                secretDigest: secret.digest, createdAt: h.clock.now)
            try await h.gatehouse.store.write { _ = try $0.resources.insert(other) }
            let basic = (h.resource.id.string, h.resourceSecret.reveal())
            var answers = [
                try await h.send("/introspect", [("token", tokens.access)], basic: (other.id.string, secret.reveal())),
                try await h.send("/introspect", [("token", "nonsense")], basic: basic),
                try await h.send("/introspect", [("token", String(tokens.access.dropLast()))], basic: basic),
                try await h.send("/introspect", [("token", tokens.refresh ?? "")], basic: basic),
            ]
            h.clock.advance(by: 600)
            answers.append(try await h.send("/introspect", [("token", tokens.access)], basic: basic))
            for answer in answers {
                #expect(answer.status == .ok)
                #expect(answer.text == #"{"active":false}"#)
            }
        }
    }

    @Test func `only an authenticated MCP server can introspect`() async throws {
        try await Harness.run { h in
            let tokens = try await h.tokens()
            let id = h.resource.id.string
            let answers = [
                try await h.send("/introspect", [("token", tokens.access)]),
                try await h.send("/introspect", [("token", tokens.access), ("client_id", id)]),
                try await h.send("/introspect", [("token", tokens.access)], basic: (id, "")),
                try await h.send(
                    "/introspect", [("token", tokens.access)], basic: (id, ClientSecret.random().reveal())),
                try await h.send("/introspect", [("token", tokens.access), ("client_id", "quill")]),
            ]
            for answer in answers {
                #expect(answer.status == .unauthorized)
                #expect(answer.error == "invalid_client")
                #expect(answer.json["active"] == nil)
            }
        }
    }

    @Test func `a session that an administrator ended is inactive at the next question`() async throws {
        try await Harness.run { h in
            let tokens = try await h.tokens()
            #expect(try await h.introspect(tokens.access)["active"]?.bool == true)
            let now = h.clock.now
            try await h.gatehouse.store.write {
                _ = try $0.sessions.end(SessionFilter(), .byAdmin(at: now))
            }
            #expect(try await h.introspect(tokens.access)["active"]?.bool == false)
            #expect(try await h.refresh(tokens.refresh).error == "invalid_grant")
        }
    }

    @Test func `a token is an at+jwt under ES256 with a key that is published`() async throws {
        try await Harness.run { h in
            let tokens = try await h.tokens()
            let answer = try await h.browser().get("/jwks", accept: "application/json")
            let keys = VerificationKeySet(try JWKSet(json: answer.json))
            let verified = try JWT.verify(tokens.access, typ: "at+jwt", algorithms: [.es256], keys: keys)
            #expect(verified.claims["aud"]?.string == "https://files.example/mcp")
            #expect(verified.claims["jti"]?.string?.isEmpty == false)
            #expect(throws: JWTError.self) {
                try JWT.verify(tokens.access, typ: "secevent+jwt", algorithms: [.es256], keys: keys)
            }
        }
    }
}
