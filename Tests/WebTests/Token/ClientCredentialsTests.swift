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

@Suite("RFC 6749 §4.4 Tokens of clients that act for themselves")
struct ClientCredentialsTests {
    @Test(arguments: [ClientAuthenticationMethod.clientSecretBasic, .clientSecretPost])
    func `a permitted client gets a token that says that it acts for itself`(
        method: ClientAuthenticationMethod
    ) async throws {
        try await Harness.run { h in
            let client = try await h.addService(method: method)
            let form = [("grant_type", "client_credentials"), ("resource", h.resource.identifier.string)]
            let answer =
                method == .clientSecretBasic
                ? try await h.serve(client)
                : try await h.send(
                    "/token", form + [("client_id", client.id.string), ("client_secret", client.secret)])
            #expect(answer.status == .ok && answer.tokens.scope == "files:read" && answer.tokens.refresh == nil)
            #expect(answer.json["expires_in"] == 600)
            let session = try #require(try await h.serviceSessions().first)
            let told = try await h.introspect(answer.tokens.access)
            for claims in [answer.claims, told] {
                #expect(claims["sub"] == "nightly" && claims["client_id"] == "nightly")
                #expect(claims["gatehouse:actor"] == "client" && claims["sid"] == .string(session.id.string))
                #expect(claims["aud"] == .string(h.resource.identifier.string) && claims["auth_time"] == nil)
                #expect(claims["acr"] == nil && claims["username"] == nil)
            }
            #expect(told["active"] == true)
        }
    }

    @Test func `the token of a user names no actor`() async throws {
        try await Harness.run { h in
            let tokens = try await h.tokens()
            #expect(try await h.introspect(tokens.access)["gatehouse:actor"] == nil)
        }
    }

    @Test func `a client that no operator permitted gets no token, and a public client never does`() async throws {
        try await Harness.run { h in
            let secret = ClientSecret.random()
            let client = try await h.register("desk", redirects: [Harness.redirect], secret: secret)
            let form = [
                ("grant_type", "client_credentials"), ("client_id", "desk"), ("client_secret", secret.reveal()),
            ]
            #expect(try await h.send("/token", form).error == "unauthorized_client")
            let open = [("grant_type", "client_credentials"), ("client_id", h.registered.id.string)]
            #expect(try await h.send("/token", open).error == "unauthorized_client")
            let stranger = [("grant_type", "client_credentials"), ("client_id", "https://app.example/client.json")]
            #expect(try await h.send("/token", stranger).error == "unauthorized_client")
            let service = ServiceClient(id: client.id, secret: secret.reveal())
            await #expect(throws: AdministrationError.self) {
                try await h.permit(ServiceClient(id: h.registered.id, secret: ""), ["files:read"])
            }
            try await h.permit(service, ["files:read"])
            #expect(try await h.send("/token", form).status == .ok)
            #expect(try await h.serviceSessions().count == 1)
        }
    }

    @Test func `a wrong secret gets no token and opens no session`() async throws {
        try await Harness.run { h in
            let client = try await h.addService()
            let answer = try await h.serve(ServiceClient(id: client.id, secret: ClientSecret.random().reveal()))
            #expect(answer.status == .unauthorized && answer.error == "invalid_client")
            #expect(try await h.sessions().isEmpty)
        }
    }

    /// What a client asks for, of `files:read files:list` permitted and `files:write` not; nil is a refusal.
    private static let requests: [(asked: String?, granted: String?)] = [
        (nil, "files:read files:list"), ("files:list", "files:list"), ("files:list admin", "files:list"),
        ("offline_access", "files:read files:list"), ("files:write", nil), ("admin", nil), ("openid email", nil),
        ("\"", nil),
    ]

    @Test(arguments: requests)
    func `a token has the scopes that were asked for, as far as the operator permits them`(
        asked: String?, granted: String?
    ) async throws {
        try await Harness.run { h in
            let client = try await h.addService(scopes: ["files:read", "files:list"])
            let answer = try await h.serve(client, ["scope": asked])
            guard let granted else {
                #expect(answer.status == .badRequest && answer.error == "invalid_scope")
                #expect(try await h.sessions().isEmpty, "a refused request leaves no session")
                return
            }
            #expect(answer.tokens.scope == granted && answer.claims["scope"] == .string(granted))
            #expect(try await h.serviceSessions().map(\.scope.string) == ["files:read files:list"])
        }
    }

    @Test func `a scope brings the scopes that it includes`() async throws {
        try await Harness.run { h in
            try await h.fixtures.setReach(["files:write": ("files:read", [], nil)])
            let client = try await h.addService(scopes: ["files:write"])
            #expect(try await h.serve(client).tokens.scope == "files:write files:read")
            #expect(try await h.serve(client, ["scope": "files:read"]).tokens.scope == "files:read")
            #expect(try await h.serve(client, ["scope": "files:list"]).error == "invalid_scope")
        }
    }

    @Test func `a client with one permission may leave out the resource, and one with more may not`() async throws {
        try await Harness.run { h in
            let other = try await h.addServer("https://other.example/mcp", scopes: ["a"])
            let client = try await h.addService()
            #expect(try await h.serve(client, ["resource": nil]).claims["aud"] == .string(h.resource.identifier.string))
            let foreign = try await h.serve(client, ["resource": other.resource.identifier.string])
            #expect(foreign.error == "invalid_target")
            #expect(try await h.serve(client, ["resource": "https://nobody.example/mcp"]).error == "invalid_target")
            try await h.permit(client, ["a"], at: other.resource.id)
            #expect(try await h.serve(client, ["resource": nil]).error == "invalid_target")
            let second = try await h.serve(client, ["resource": other.resource.identifier.string])
            #expect(second.claims["aud"] == .string(other.resource.identifier.string))
            let both = try await h.send(
                "/token",
                [
                    ("grant_type", "client_credentials"), ("resource", h.resource.identifier.string),
                    ("resource", other.resource.identifier.string),
                ], basic: (client.id.string, client.secret))
            #expect(both.error == "invalid_target")
            #expect(try await h.serviceSessions().count == 2)
        }
    }

    @Test func `of several permissions the configured default decides where no resource is named`() async throws {
        let name = "https://files.example/mcp"
        let adjust: @Sendable (inout Settings) throws -> Void = { $0.defaultResource = try ResourceIdentifier(name) }
        try await Harness.run(adjust: adjust) { h in
            let other = try await h.addServer("https://other.example/mcp", scopes: ["a"])
            let client = try await h.addService()
            try await h.permit(client, ["a"], at: other.resource.id)
            #expect(try await h.serve(client, ["resource": nil]).claims["aud"] == .string(name))
            try await h.withdraw(client)
            let rest = try await h.serve(client, ["resource": nil])
            #expect(rest.claims["aud"] == .string(other.resource.identifier.string))
        }
    }

    @Test func `a scope that demands a recent sign-in of a user is neither permitted nor kept`() async throws {
        try await Harness.run { h in
            let client = try await h.addService(scopes: ["files:read", "files:list"])
            let token = try await h.serve(client).tokens.access
            try await h.fixtures.setReach(["files:list": ("", [], 300)])
            await #expect(throws: AdministrationError.self) { try await h.permit(client, ["files:list"]) }
            let next = try await h.serve(client)
            #expect(next.tokens.scope == "files:read")
            #expect(
                try await h.introspect(token)["active"] == false, "its session allowed more than the operator does now")
            #expect(try await h.serve(client, ["scope": "files:list"]).error == "invalid_scope")
            #expect(try await Set(h.serviceSessions().map(\.state)) == [.ended, .active])
        }
    }

    @Test func `a session that allows more than the operator does now ends even if the request is refused`()
        async throws
    {
        try await Harness.run { h in
            let client = try await h.addService(scopes: ["files:list"])
            let token = try await h.serve(client).tokens.access
            try await h.fixtures.setReach(["files:list": ("", [], 300)])
            #expect(try await h.serve(client).error == "invalid_scope")
            #expect(try await h.introspect(token)["active"] == false)
            let ended = try #require(try await h.records(.sessionEnded).first)
            #expect(ended.reason == "the client's permission allows less than the session did")
            #expect(try await h.serviceSessions().map(\.state) == [.ended])
        }
    }

    @Test func `a scope that comes to include another one widens the next session only`() async throws {
        try await Harness.run { h in
            let client = try await h.addService(scopes: ["files:write"])
            _ = try await h.serve(client)
            try await h.fixtures.setReach(["files:write": ("files:read", [], nil)])
            #expect(try await h.serve(client).tokens.scope == "files:write")
            h.clock.advance(by: 86_400)
            #expect(try await h.serve(client).tokens.scope == "files:write files:read")
        }
    }

    @Test func `a client with a key acts for itself, and each of its assertions counts once`() async throws {
        try await Harness.run { h in
            let key = AssertionKey()
            let client = try await h.gatehouse.register("robot", redirects: [Harness.redirect], key: key)
            try await h.permit(ServiceClient(id: client.id, secret: ""), ["files:read"])
            let form = try [("grant_type", "client_credentials")] + key.form(of: "robot", now: h.clock.now)
            let answer = try await h.send("/token", form)
            #expect(answer.claims["sub"] == "robot" && answer.claims["gatehouse:actor"] == "client")
            #expect(try await h.send("/token", form).error == "invalid_client")
            let sessions = try await h.serviceSessions()
            #expect(sessions.count == 1)
        }
    }

    @Test func `metadata lists the grant type`() async throws {
        try await Harness.run { h in
            let metadata = try await h.browser().get("/.well-known/oauth-authorization-server").json
            #expect(metadata["grant_types_supported"]?.strings?.contains("client_credentials") == true)
        }
    }
}
