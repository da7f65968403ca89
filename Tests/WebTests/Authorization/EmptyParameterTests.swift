import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

@Suite("RFC 6749 §3.1 §3.2 Parameters without a value")
struct EmptyParameterTests {
    private static let optional = [
        "state", "scope", "resource", "prompt", "max_age", "acr_values", "response_mode", "request", "request_uri",
        "nonce", "login_hint", "client_secret",
    ]

    @Test func `at authorize they count as absent`() async throws {
        try await Harness.run { h in
            for name in Self.optional {
                let page = try await h.consentPage(h.browser(), h.request([name: ""]))
                #expect(page.input("token") != nil, "\(name)")
            }
            let doubled = h.request() + [("resource", "")]
            let answer = try await h.authorize(h.browser(), doubled)
            #expect(FormText.decode(queryOf: answer.headers[.location] ?? "")["error"] == ["invalid_request"])
        }
    }

    @Test func `at the token endpoint they count as absent`() async throws {
        try await Harness.run { h in
            let changes: [String: String?] = [
                "client_secret": "", "resource": "", "scope": "", "client_assertion": "", "client_assertion_type": "",
                "redirect_uri": "", "refresh_token": "",
            ]
            let tokens = try await h.redeem(try await h.code(), changes).tokens
            #expect(tokens.scope == "files:read")
            let next = try await h.refresh(
                tokens.refresh, ["scope": "", "resource": "", "client_secret": "", "code": "", "code_verifier": ""])
            #expect(next.tokens.scope == "files:read")
            let asked = try await h.send(
                "/introspect", [("token", next.tokens.access), ("token_type_hint", ""), ("client_id", "")],
                basic: (h.resource.id.string, h.resourceSecret.reveal()))
            #expect(asked.json["active"]?.bool == true)
            let revoked = try await h.send(
                "/revoke",
                [
                    ("client_id", "quill"), ("token", next.tokens.access), ("token_type_hint", ""),
                    ("client_secret", ""),
                ])
            #expect(revoked.status == .ok)
            #expect(try await h.sessions().map(\.state) == [.ended])
        }
    }

    @Test func `an empty required parameter is missing`() async throws {
        try await Harness.run { h in
            let grant = try await h.code()
            for name in ["grant_type", "code", "code_verifier"] {
                let answer = try await h.redeem(grant, [name: ""])
                #expect(answer.status == .badRequest && answer.error == "invalid_request", "\(name)")
            }
            #expect(try await h.redeem(grant, ["client_id": ""]).error == "invalid_client")
            for path in ["/revoke", "/introspect"] {
                let answer = try await h.send(
                    path, [("token", ""), ("client_id", "quill")],
                    basic: path == "/revoke" ? nil : (h.resource.id.string, h.resourceSecret.reveal()))
                #expect(answer.status == .badRequest || answer.status == .unauthorized)
            }
            #expect(try await h.redeem(grant).status == .ok, "none of them touched the code")
        }
    }

    @Test func `a repeated parameter is refused first`() async throws {
        try await Harness.run { h in
            let grant = try await h.code()
            let form = [
                ("grant_type", "authorization_code"), ("client_id", "quill"), ("code", grant.code),
                ("code_verifier", grant.verifier), ("resource", h.resource.identifier.string),
            ]
            for (name, _) in form {
                #expect(try await h.send("/token", form + [(name, "")]).error == "invalid_request", "\(name)")
                #expect(try await h.send("/token", [(name, "")] + form).error == "invalid_request", "\(name)")
            }
            #expect(try await h.send("/token", form).status == .ok)
        }
    }

    @Test func `an empty secret of a client that has one, an empty subject token and an empty actor token are refused`()
        async throws
    {
        try await Harness.run { h in
            let secret = ClientSecret.random()
            _ = try await h.register("vault", redirects: [Harness.redirect], secret: secret)
            let grant = try await h.code(nil, ["client_id": "vault"])
            let bare = try await h.redeem(grant, ["client_id": "vault", "client_secret": ""])
            #expect(bare.status == .unauthorized && bare.error == "invalid_client")
            let both = try await h.send(
                "/introspect", [("token", "x"), ("client_secret", "")],
                basic: (h.resource.id.string, h.resourceSecret.reveal()))
            #expect(both.status == .badRequest && both.error == "invalid_request")
            let tokens = try await h.tokens()
            let exchange = [
                ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
                ("subject_token_type", TokenExchangeRequest.accessTokenType),
                ("audience", "urn:gatehouse:provider:none"),
            ]
            let credentials = (h.resource.id.string, h.resourceSecret.reveal())
            for more in [
                [("subject_token", "")], [("subject_token", tokens.access), ("actor_token", "")],
            ] {
                let answer = try await h.send("/token", exchange + more, basic: credentials)
                #expect(answer.status == .badRequest && answer.error == "invalid_request")
            }
            let whole = try await h.send(
                "/token", exchange + [("subject_token", tokens.access), ("scope", ""), ("resource", "")],
                basic: credentials)
            #expect(whole.error == "invalid_target", "only the provider is missing")
        }
    }

    @Test func `a state of 4,096 bytes comes back however it is encoded, and one more is refused`() async throws {
        try await Harness.run { h in
            let state = String(repeating: "é", count: 2048)
            let location = try await h.code(nil, ["state": state]).location
            #expect(FormText.decode(queryOf: location)["state"] == [state])
            let answer = try await h.authorize(h.browser(), h.request(["state": state + "x"]))
            let query = FormText.decode(queryOf: answer.headers[.location] ?? "")
            #expect(query["error"] == ["invalid_request"] && query["state"] == nil)
        }
    }
}
