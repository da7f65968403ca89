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

@Suite("Authorization headers that authenticate no client")
struct ForeignHeaderTests {
    private static let foreign = ["Bearer abc.def", "Digest username=quill", "Negotiate x", "Token"]

    private func send(
        _ h: Harness, _ path: String, _ header: String, _ form: [(String, String)]
    ) async throws -> TestResponse {
        try await h.client.execute(
            uri: path, method: .post,
            headers: [.contentType: "application/x-www-form-urlencoded", .authorization: header],
            body: ByteBuffer(string: FormText.encode(form)))
    }

    private func redemption(_ grant: Redeemable, _ client: String) -> [(String, String)] {
        [
            ("grant_type", "authorization_code"), ("client_id", client), ("code", grant.code),
            ("code_verifier", grant.verifier),
        ]
    }

    @Test(arguments: foreign)
    func `they are ignored for a client without authentication`(header: String) async throws {
        try await Harness.run { h in
            let tokens = try await send(h, "/token", header, redemption(h.code(), "quill")).tokens
            #expect(!tokens.access.isEmpty)
            let next = try await send(
                h, "/token", header,
                [("grant_type", "refresh_token"), ("client_id", "quill"), ("refresh_token", tokens.refresh ?? "")])
            #expect(next.status == .ok)
            let revoked = try await send(
                h, "/revoke", header, [("client_id", "quill"), ("token", next.tokens.access)])
            #expect(revoked.status == .ok)
            #expect(try await h.sessions().map(\.state) == [.ended])
        }
    }

    @Test(arguments: foreign)
    func `they are never ignored for a client with a secret`(header: String) async throws {
        try await Harness.run { h in
            let secret = ClientSecret.random()
            _ = try await h.register("vault", redirects: [Harness.redirect], secret: secret)
            let grant = try await h.code(nil, ["client_id": "vault"])
            let form = redemption(grant, "vault")
            for more in [[], [("client_secret", "")], [("client_secret", secret.reveal())]] {
                let answer = try await send(h, "/token", header, form + more)
                #expect(answer.status == .unauthorized && answer.error == "invalid_client")
            }
            #expect(try await h.send("/token", form + [("client_secret", secret.reveal())]).status == .ok)
        }
    }

    @Test(arguments: foreign + ["DPoP abc"])
    func `they are never ignored at the endpoints of MCP servers`(header: String) async throws {
        try await Harness.run { h in
            let tokens = try await h.tokens()
            let credentials = [("client_id", h.resource.id.string), ("client_secret", h.resourceSecret.reveal())]
            #expect(try await h.send("/introspect", [("token", tokens.access)] + credentials).json["active"] == true)
            for form in [[("token", tokens.access)], [("token", tokens.access)] + credentials] {
                let answer = try await send(h, "/introspect", header, form)
                #expect(answer.status == .unauthorized && answer.error == "invalid_client")
            }
            let created = try await h.client.execute(
                uri: "/elicitations", method: .post,
                headers: [.contentType: "application/json", .authorization: header], body: ByteBuffer(string: "{}"))
            #expect(created.status == .unauthorized && created.error == "invalid_client")
        }
    }

    @Test func `Basic with an empty secret counts as the name alone, and is judged by the same rule`() async throws {
        try await Harness.run { h in
            let secret = ClientSecret.random()
            _ = try await h.register("vault", redirects: [Harness.redirect], secret: secret)
            let confidential = redemption(try await h.code(nil, ["client_id": "vault"]), "vault")
            let header = Harness.basic("vault", "")
            #expect(try await send(h, "/token", header, confidential).error == "invalid_client")
            let both = try await send(h, "/token", header, confidential + [("client_secret", secret.reveal())])
            #expect(both.status == .badRequest && both.error == "invalid_request")
            let grant = try await h.code()
            let anonymous = redemption(grant, "quill").filter { $0.0 != "client_id" }
            #expect(try await send(h, "/token", Harness.basic("quill", ""), anonymous).status == .ok)
            let server = try await send(
                h, "/introspect", Harness.basic(h.resource.id.string, ""), [("token", "x")])
            #expect(server.status == .unauthorized && server.error == "invalid_client")
        }
    }

    @Test func `DPoP at the token endpoint is an error and spends nothing`() async throws {
        try await Harness.run { h in
            let form = redemption(try await h.code(), "quill")
            let answer = try await send(h, "/token", "DPoP abc", form)
            #expect(answer.status == .badRequest && answer.error == "invalid_request")
            #expect(try await h.sessions().map(\.state) == [.approved])
            #expect(try await h.send("/token", form).status == .ok)
        }
    }

    @Test func `the log names the registered method, and the response does not`() async throws {
        let log = CapturedLog()
        try await Harness.run(log: log.logger) { h in
            let secret = ClientSecret.random()
            _ = try await h.register("vault", redirects: [Harness.redirect], secret: secret)
            let form = redemption(try await h.code(nil, ["client_id": "vault"]), "vault")
            let answers = [
                try await h.send("/token", form, basic: ("vault", secret.reveal())),
                try await h.send("/token", form), try await h.send("/token", form + [("client_secret", "x")]),
                try await h.send("/token", redemption(try await h.code(), "nobody")),
            ]
            let sentences = Set(answers.map { $0.json["error_description"]?.string })
            #expect(sentences.count == 1, "one sentence for all, so that nothing can be learnt from it")
            #expect(!(sentences.first??.contains("_post") ?? true))
            let told = "vault authenticated by client_secret_basic; it is registered with client_secret_post"
            #expect(log.lines.contains { $0.contains(told) })
            #expect(log.lines.allSatisfy { !$0.contains(secret.reveal()) })
            let steps = h.gatehouse.traces.all.flatMap(\.rows).compactMap { $0["detail"]?.string }
            #expect(steps.contains { $0.contains(told) }, "doctor tells it by the reference")
        }
    }
}
