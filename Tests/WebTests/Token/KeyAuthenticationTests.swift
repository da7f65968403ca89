import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

@Suite("RFC 7523 §3 Clients that authenticate with a key")
struct KeyAuthenticationTests {
    private static let refresh = [("grant_type", "refresh_token"), ("refresh_token", "foreign")]

    /// A server with the registered client `robot`, which holds `key`.
    private func play(_ test: @Sendable @escaping (Harness, AssertionKey) async throws -> Void) async throws {
        try await Harness.run { h in
            let key = AssertionKey()
            var h = h
            h.registered = try await h.gatehouse.register("robot", redirects: [Harness.redirect], key: key)
            try await test(h, key)
        }
    }

    /// The error of a token request that carries nothing else than this proof: `invalid_grant` once the client has authenticated.
    private func error(_ h: Harness, _ form: [(String, String)]) async throws -> String? {
        try await h.send("/token", Self.refresh + form).error
    }

    @Test func `a client authenticates with an assertion from approval to refresh to revocation`() async throws {
        try await play { h, key in
            let grant = try await h.code()
            func send(_ path: String, _ form: [(String, String)]) async throws -> TestResponse {
                try await h.send(path, form + key.form(of: "robot", now: h.clock.now))
            }
            let redeemed = try await send(
                "/token",
                [
                    ("grant_type", "authorization_code"), ("code", grant.code), ("code_verifier", grant.verifier),
                    ("redirect_uri", Harness.redirect),
                ])
            #expect(redeemed.status == .ok, "client_id is optional beside an assertion")
            let refreshed = try await send(
                "/token",
                [
                    ("grant_type", "refresh_token"), ("refresh_token", redeemed.tokens.refresh ?? ""),
                    ("client_id", "robot"),
                ])
            #expect(refreshed.status == .ok)
            #expect(try await h.sessions().map(\.authMethod) == [.privateKeyJWT])
            #expect(try await send("/revoke", [("token", refreshed.tokens.refresh ?? "")]).status == .ok)
            #expect(try await h.sessions().map(\.state) == [.ended])
        }
    }

    @Test func `the metadata lists the method, with its algorithms, at each endpoint`() async throws {
        try await Harness.run { h in
            let metadata = try await h.browser().get("/.well-known/oauth-authorization-server").json
            let algorithms = ["ES256", "ES384", "EdDSA", "RS256", "PS256"]
            for endpoint in ["token", "revocation", "introspection"] {
                let methods = metadata["\(endpoint)_endpoint_auth_methods_supported"]?.strings ?? []
                #expect(methods.contains("private_key_jwt"))
                #expect(metadata["\(endpoint)_endpoint_auth_signing_alg_values_supported"]?.strings == algorithms)
            }
        }
    }

    @Test func `an assertion is accepted once, whatever the endpoint, and fifty at a time count once`() async throws {
        try await play { h, key in
            let form = try key.form(of: "robot", now: h.clock.now)
            #expect(try await error(h, form) == "invalid_grant")
            #expect(try await error(h, form) == "invalid_client")
            #expect(try await h.send("/revoke", form + [("token", "foreign")]).error == "invalid_client")
            #expect(try await h.gatehouse.spentTokens() == 1)
            let other = try key.form(of: "robot", now: h.clock.now)
            let errors = try await withThrowingTaskGroup(of: String?.self) { group in
                for index in 0..<50 {
                    group.addTask {
                        let path = index % 2 == 0 ? "/token" : "/revoke"
                        let answer = try await h.send(path, Self.refresh + [("token", "foreign")] + other)
                        return answer.status == .ok ? "ok" : answer.error
                    }
                }
                return try await group.reduce(into: []) { $0.append($1 ?? "") }
            }
            #expect(errors.count { $0 == "invalid_client" } == 49)
            #expect(try await h.gatehouse.spentTokens() == 2)
        }
    }

    @Test func `a jti of one client does not block that of another`() async throws {
        try await play { h, key in
            let other = AssertionKey()
            _ = try await h.gatehouse.register("other", redirects: [Harness.redirect], key: other)
            let claims: [String: JSON?] = ["jti": "same"]
            #expect(try await error(h, key.form(of: "robot", now: h.clock.now, claims)) == "invalid_grant")
            #expect(try await error(h, other.form(of: "other", now: h.clock.now, claims)) == "invalid_grant")
            #expect(try await error(h, other.form(of: "other", now: h.clock.now, claims)) == "invalid_client")
        }
    }

    /// Claims and headers that prove nothing, by the reason.
    private static func forged(_ now: Int64) -> [(String, claims: [String: JSON?], header: [String: JSON?])] {
        let issuer = "http://localhost"
        return [
            ("no audience", ["aud": nil], [:]), ("the token endpoint", ["aud": .string(issuer + "/token")], [:]),
            ("a slash at the end", ["aud": .string(issuer + "/")], [:]),
            ("another case", ["aud": "HTTP://localhost"], [:]),
            ("another server", ["aud": "https://as.example"], [:]),
            ("two audiences", ["aud": [.string(issuer), "https://as.example"]], [:]),
            ("the issuer twice", ["aud": [.string(issuer), .string(issuer)]], [:]),
            ("no audience in a list", ["aud": []], [:]),
            ("a list in a list", ["aud": [[.string(issuer)]]], [:]), ("a number as audience", ["aud": 7], [:]),
            ("another issuer", ["iss": "quill"], [:]), ("no issuer", ["iss": nil], [:]),
            ("no jti", ["jti": nil], [:]), ("an empty jti", ["jti": ""], [:]),
            ("a number as jti", ["jti": 7], [:]),
            ("a long jti", ["jti": .string(String(repeating: "x", count: 257))], [:]),
            ("no exp", ["exp": nil], [:]), ("a text as exp", ["exp": .string("\(now + 60)")], [:]),
            ("an expired assertion", ["exp": .integer(now)], [:]),
            ("a far exp", ["exp": .integer(now + 601)], [:]), ("a huge exp", ["exp": 1e300], [:]),
            ("an iat in the future", ["iat": .integer(now + 61)], [:]),
            ("an old assertion", ["iat": .integer(now - 601)], [:]), ("a text as iat", ["iat": "now"], [:]),
            ("an nbf in the future", ["nbf": .integer(now + 61)], [:]),
            ("an access token's type", [:], ["typ": "at+jwt"]), ("an event's type", [:], ["typ": "secevent+jwt"]),
            ("a proof's type", [:], ["typ": "dpop+jwt"]), ("a number as type", [:], ["typ": 7]),
            ("an unknown kid", [:], ["kid": "other"]), ("a critical header", [:], ["crit": ["exp"], "exp": 1]),
            ("an unencoded payload", [:], ["b64": false]), ("no algorithm", [:], ["alg": nil]),
            ("none", [:], ["alg": "none"]), ("an HMAC", [:], ["alg": "HS256"]),
            ("the algorithm of another key", [:], ["alg": "RS256"]),
        ]
    }

    @Test func `an assertion with a wrong claim or header is refused and leaves nothing behind`() async throws {
        try await play { h, key in
            for (name, claims, header) in Self.forged(h.clock.now.seconds) {
                let form = try key.form(of: "robot", now: h.clock.now, claims, header: header)
                #expect(try await error(h, form + [("client_id", "robot")]) == "invalid_client", "\(name)")
            }
            #expect(try await h.gatehouse.spentTokens() == 0)
        }
    }

    @Test func `an assertion that follows the rules to their limits is accepted`() async throws {
        try await play { h, key in
            let now = h.clock.now.seconds
            let good: [(claims: [String: JSON?], header: [String: JSON?])] = [
                ([:], [:]), (["aud": ["http://localhost"]], [:]), (["iat": nil], [:]),
                (["exp": .integer(now + 600)], [:]), (["exp": .number(Double(now) + 30.25)], [:]),
                (["iat": .integer(now + 60), "nbf": .integer(now + 60)], [:]), (["iat": .integer(now - 600)], [:]),
                ([:], ["typ": nil]), ([:], ["typ": "JWT"]), ([:], ["typ": "oauth-client-auth+jwt"]),
                ([:], ["typ": "application/Client-Authentication+JWT"]), ([:], ["kid": nil]),
                (
                    [:],
                    [
                        "jwk": .object(AssertionKey().jwk), "jku": "https://evil.example/jwks",
                        "x5u": "https://evil.example",
                    ]
                ),
                (["extra": ["a": 1]], [:]),
            ]
            for (claims, header) in good {
                let form = try key.form(of: "robot", now: h.clock.now, claims, header: header)
                #expect(try await error(h, form) == "invalid_grant", "\(claims) \(header)")
            }
            #expect(try await h.gatehouse.spentTokens() == good.count)
        }
    }

    @Test func `a foreign key, a changed token and a broken form are refused and leave nothing behind`() async throws {
        try await play { h, key in
            let stranger = try AssertionKey().assertion(of: "robot", now: h.clock.now, header: ["kid": nil])
            let good = try key.assertion(of: "robot", now: h.clock.now)
            let parts = good.split(separator: ".").map(String.init)
            let zero = Base64URL.encode([UInt8](repeating: 0, count: 64))
            let doubled = Base64URL.encode(Array(#"{"alg":"ES256","alg":"ES256"}"#.utf8))
            let bad = [
                stranger, "\(parts[0]).\(parts[1]).", "\(parts[0]).\(parts[1]).\(zero)", "\(parts[0]).\(parts[1]).AA",
                "\(parts[0]).\(parts[1]).\(parts[2])=", "\(good).AA", "\(parts[0]).\(parts[1])", "a.b.c", "..", "x",
                "\(doubled).\(parts[1]).\(parts[2])", "\(parts[0])=.\(parts[1]).\(parts[2])",
                "\(parts[0]).\(parts[1]).\(parts[2].dropLast())", good + String(repeating: "A", count: 8192),
            ]
            for text in bad {
                let answer = try await h.send(
                    "/token", Self.refresh + AssertionKey.form(text) + [("client_id", "robot")])
                #expect(answer.status == .unauthorized || answer.error == "invalid_request", "\(text.prefix(60))")
            }
            #expect(try await h.gatehouse.spentTokens() == 0)
            #expect(try await error(h, AssertionKey.form(good)) == "invalid_grant", "the good one still counts")
        }
    }

    @Test func `an assertion stands alone: no secret, no header and no other client beside it`() async throws {
        try await play { h, key in
            func form() throws -> [(String, String)] { try key.form(of: "robot", now: h.clock.now) }
            #expect(try await error(h, form() + [("client_secret", "x")]) == "invalid_request")
            #expect(try await h.send("/token", Self.refresh + form(), basic: ("robot", "x")).error == "invalid_request")
            #expect(try await error(h, form() + [("client_id", "quill")]) == "invalid_client")
            let withoutType = try form().filter { $0.0 != "client_assertion_type" }
            #expect(try await error(h, withoutType) == "invalid_client")
            let saml: [(String, String)] = [
                ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:saml2-bearer")
            ]
            let ofAnotherType = try saml + form().filter { $0.0 != "client_assertion_type" }
            #expect(try await error(h, ofAnotherType) == "invalid_client")
            #expect(try await error(h, [("client_id", "robot")]) == "invalid_client", "without its key")
            #expect(try await error(h, [("client_id", "robot"), ("client_secret", "x")]) == "invalid_client")
            #expect(try await error(h, key.form(of: "quill", now: h.clock.now)) == "invalid_client", "a public client")
            #expect(try await h.gatehouse.spentTokens() == 0)
        }
    }

    @Test func `a token of this server is no assertion, and an assertion is no token`() async throws {
        try await play { h, key in
            let assertion = try key.assertion(of: "robot", now: h.clock.now)
            #expect(try await h.introspect(assertion)["active"]?.bool == false)
            let own = h.gatehouse.keys.signing(.tokens, at: h.clock.now.seconds)
            let stolen = try JWT.sign(typ: "at+jwt", claims: ["iss": "robot", "sub": "robot"], with: own)
            #expect(try await error(h, AssertionKey.form(stolen)) == "invalid_client")
        }
    }

    @Test func `the token endpoint as audience is for clients that an administrator named`() async throws {
        try await play { h, key in
            let audience: [String: JSON?] = ["aud": "http://localhost/token"]
            func attempt() async throws -> String? {
                try await error(h, key.form(of: "robot", now: h.clock.now, audience))
            }
            #expect(try await attempt() == "invalid_client")
            let target = ClientRule.Target.client(try ClientID("robot"))
            let now = h.clock.now
            try await h.gatehouse.store.write {
                try $0.clientRules.set(ClientRule(target, .allow, acceptsTokenEndpoint: true, createdAt: now))
            }
            #expect(try await attempt() == "invalid_grant")
            let both: [String: JSON?] = ["aud": ["http://localhost/token", "http://localhost"]]
            #expect(try await error(h, key.form(of: "robot", now: now, both)) == "invalid_client")
            #expect(try await error(h, key.form(of: "robot", now: now)) == "invalid_grant", "the issuer still counts")
            for other in ["http://localhost/par", "https://other.example", "https://other.example/token"] {
                let foreign: [String: JSON?] = ["aud": .string(other)]
                #expect(try await error(h, key.form(of: "robot", now: now, foreign)) == "invalid_client", "\(other)")
            }
            try await h.gatehouse.store.write { try $0.clientRules.set(ClientRule(target, .allow, createdAt: now)) }
            #expect(try await attempt() == "invalid_client")
        }
    }

    @Test func `an administrator gives keys to clients of this method, and to no others`() async throws {
        try await Harness.run { h in
            let keys = KeysDraft.set(AssertionKey().set.text)
            let drafts: [(String, KeysDraft?)] = [
                ("none", keys), ("client_secret_basic", keys), ("private_key_jwt", nil),
            ]
            for (method, keys) in drafts {
                let draft = ClientDraft(
                    id: "robot", name: "Robot", redirectURIs: [Harness.redirect], authMethod: method, keys: keys,
                    resources: [])
                await #expect(throws: AdministrationError.self, "\(method)") {
                    try await h.administer(.clients(.add(draft)))
                }
            }
            let id = try ClientID("robot")
            #expect(try await h.gatehouse.store.read { try $0.clients.find(id) } == nil)
        }
    }
}
