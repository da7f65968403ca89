import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

@Suite("OAuth 2.1 §2.4 One list of methods for clients and MCP servers")
struct AuthenticationMethodTests {
    /// The form and the header by which `id` authenticates in one way.
    private func shown(
        _ method: ClientAuthenticationMethod, _ id: String, _ secret: String
    ) -> (form: [(String, String)], basic: (String, String)?) {
        switch method {
        case .none: ([("client_id", id)], nil)
        // `KeyAuthenticationTests` has the valid ones.
        case .privateKeyJWT: (AssertionKey.form("e30.e30.AA") + [("client_id", id)], nil)
        case .clientSecretBasic: ([], (id, secret))
        case .clientSecretPost: ([("client_id", id), ("client_secret", secret)], nil)
        }
    }

    @Test func `the metadata lists the methods of the enumeration`() async throws {
        try await Harness.run { h in
            let metadata = try await h.browser().get("/.well-known/oauth-authorization-server").json
            let all = ClientAuthenticationMethod.allCases.map(\.rawValue)
            #expect(metadata["token_endpoint_auth_methods_supported"]?.strings == all)
            #expect(metadata["revocation_endpoint_auth_methods_supported"]?.strings == all)
            let confidential = ClientAuthenticationMethod.confidential.map(\.rawValue)
            #expect(metadata["introspection_endpoint_auth_methods_supported"]?.strings == confidential)
            #expect(!confidential.contains("none") && all.contains("none"))
        }
    }

    @Test(arguments: ClientAuthenticationMethod.allCases.filter { $0 != .privateKeyJWT })
    func `a client authenticates with its registered method and with no other`(
        registered: ClientAuthenticationMethod
    ) async throws {
        try await Harness.run { h in
            let secret = ClientSecret.random()
            let client = RegisteredClient(
                id: try ClientID("app"), name: "App", redirectURIs: [try RedirectURI("https://app.example/cb")],
                authMethod: registered, secretDigest: registered.isSharedSecret ? secret.digest : nil,
                createdAt: h.clock.now)
            try await h.gatehouse.store.write { _ = try $0.clients.insert(client) }
            for method in ClientAuthenticationMethod.allCases {
                for value in [secret.reveal(), "wrong"] {
                    let (form, basic) = shown(method, "app", value)
                    let isGood = method == registered && (method == .none || value == secret.reveal())
                    let refresh = [("grant_type", "refresh_token"), ("refresh_token", "foreign")]
                    let token = try await h.send("/token", form + refresh, basic: basic)
                    #expect(token.error == (isGood ? "invalid_grant" : "invalid_client"), "\(method)")
                    let revoked = try await h.send("/revoke", form + [("token", "foreign")], basic: basic)
                    #expect((revoked.status == .ok) == isGood, "\(method)")
                }
            }
        }
    }

    @Test func `an MCP server with a secret authenticates with every method for secrets, and only with its own secret`()
        async throws
    {
        try await Harness.run { h in
            let token = try await h.tokens().access
            for method in ClientAuthenticationMethod.allCases {
                for value in [h.resourceSecret.reveal(), "wrong"] {
                    let (form, basic) = shown(method, h.resource.id.string, value)
                    let isGood = method.isSharedSecret && value != "wrong"
                    let told = try await h.send("/introspect", form + [("token", token)], basic: basic)
                    #expect(told.json["active"]?.bool == (isGood ? true : nil), "\(method)")
                    #expect(told.error == (isGood ? nil : "invalid_client"), "\(method)")
                    let exchange = [("grant_type", GrantType.tokenExchange.rawValue)]
                    let asked = try await h.send("/token", form + exchange, basic: basic)
                    #expect(asked.error == (isGood ? "invalid_request" : "invalid_client"), "\(method)")
                }
            }
        }
    }
}
