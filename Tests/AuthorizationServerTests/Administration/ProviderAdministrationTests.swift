import JOSE
import NIOCore
import OAuth
import Outbound
import ServerSupport
import Storage
import Synchronization
import TestSupport
import Testing

@testable import AuthorizationServer

@Suite("Administration of providers")
struct ProviderAdministrationTests {
    private let operatorOfTests = Administrator(uid: 1000, claimed: nil)

    private func run(_ h: Harness, _ request: AdministrationRequest) async -> Result<
        AdministrationAnswer, AdministrationError
    > {
        let administration = Administration(
            store: h.gatehouse.store, keys: h.gatehouse.keys,
            providers: ProviderClient(
                issuer: h.gatehouse.settings.issuer, outbound: OperatorClient(deadline: .seconds(20))),
            clock: h.clock.wall)
        do throws(AdministrationError) {
            return .success(try await administration.run(request, by: operatorOfTests))
        } catch {
            return .failure(error)
        }
    }

    private func explicit(_ name: String = "hub", owner: String = "Platform team") -> ProviderDraft {
        var draft = ProviderDraft(name: name, owner: owner, clientID: "gatehouse")
        draft.authorizationEndpoint = "https://hub.example/authorize"
        draft.tokenEndpoint = "https://hub.example/token"
        draft.clientSecret = "provider-secret-canary"
        return draft
    }

    /// A draft whose endpoints are discovered.
    private func discovered(_ issuer: String, secret: String? = nil) -> ProviderDraft {
        var draft = ProviderDraft(name: "hub", owner: "Platform team", clientID: "gatehouse")
        draft.issuer = issuer
        draft.clientSecret = secret
        return draft
    }

    /// A provider on loopback that publishes this metadata at one path.
    private func publisher(at path: String, _ document: @escaping @Sendable (Int) -> String) async throws
        -> LoopbackServer
    {
        let port = SharedPort()
        let server = try await LoopbackServer.start { request in
            guard request.hasPrefix("GET \(path) ") else { return LoopbackServer.http("404 Not Found", body: "{}") }
            return LoopbackServer.http("200 OK", body: document(port.value))
        }
        port.value = server.port
        return server
    }

    @Test(arguments: [
        "/.well-known/oauth-authorization-server/realm", "/.well-known/openid-configuration/realm",
        "/realm/.well-known/openid-configuration",
    ])
    func `an issuer is discovered at each well-known path, and its authentication methods are used`(path: String)
        async throws
    {
        try await Harness.run { h in
            let server = try await publisher(at: path) { port in
                """
                {"issuer": "http://127.0.0.1:\(port)/realm", "authorization_endpoint": "http://127.0.0.1:\(port)/a",
                "token_endpoint": "http://127.0.0.1:\(port)/t", "revocation_endpoint": "http://127.0.0.1:\(port)/r",
                "token_endpoint_auth_methods_supported": ["private_key_jwt", "client_secret_post"],
                "authorization_response_iss_parameter_supported": true}
                """
            }
            let issuer = "http://127.0.0.1:\(server.port)/realm"
            let answer = try await run(h, .providers(.add(discovered(issuer, secret: "s3cret")))).get()
            #expect(answer.rows.first?["redirect_uri"]?.string == "http://localhost/connect/hub/callback")
            let hub = try ProviderName("hub")
            let kept = try #require(try await h.gatehouse.store.read { try $0.providers.find(hub) })
            #expect(kept.authMethod == .clientSecretPost && kept.sendsIssuer && kept.issuer == issuer)
            #expect(kept.authorizationEndpoint == "http://127.0.0.1:\(server.port)/a")
            #expect(kept.tokenEndpoint == "http://127.0.0.1:\(server.port)/t")
            #expect(kept.revocationEndpoint == "http://127.0.0.1:\(server.port)/r")
            try await server.stop()
        }
    }

    @Test(arguments: [
        #"{"issuer":"http://127.0.0.1/other","authorization_endpoint":"https://a.example/","token_endpoint":"https://a.example/"}"#,
        #"{"issuer":"ISSUER","authorization_endpoint":"https://a.example/"}"#,
        #"{"issuer":"ISSUER","authorization_endpoint":"javascript:x","token_endpoint":"https://a.example/"}"#,
        #"{"issuer":"ISSUER","authorization_endpoint":"http://a.example/","token_endpoint":"https://a.example/"}"#,
        #"{"issuer":"ISSUER","authorization_endpoint":"https://a.example/","token_endpoint":"https://a.example/","code_challenge_methods_supported":["plain"]}"#,
        "<html>", "[]", "",
    ])
    func `metadata of another issuer, without PKCE or with invalid values registers nothing`(document: String)
        async throws
    {
        try await Harness.run { h in
            let server = try await publisher(at: "/.well-known/oauth-authorization-server") { port in
                document.replacing("ISSUER", with: "http://127.0.0.1:\(port)")
            }
            let outcome = await run(h, .providers(.add(discovered("http://127.0.0.1:\(server.port)"))))
            #expect(throws: AdministrationError.self) { try outcome.get() }
            #expect(try await h.gatehouse.store.read { try $0.providers.list() }.isEmpty)
            try await server.stop()
        }
    }

    @Test func `a provider's secret is sealed and never listed`() async throws {
        try await Harness.run { h in
            let added = try await run(h, .providers(.add(explicit()))).get()
            let listed = try await run(h, .providers(.list)).get()
            #expect(!added.json.text.contains("canary") && !listed.json.text.contains("canary"))
            let hub = try ProviderName("hub")
            let kept = try #require(try await h.gatehouse.store.read { try $0.providers.find(hub) })
            #expect(!String(decoding: try #require(kept.clientSecret), as: UTF8.self).contains("canary"))
            let vault = ConnectionVault(keys: h.gatehouse.keys)
            #expect(try vault.access(to: kept).secret == Secret("provider-secret-canary"))
            let moved = Provider(
                name: try ProviderName("pub"), owner: kept.owner, issuer: nil,
                authorizationEndpoint: kept.authorizationEndpoint, tokenEndpoint: kept.tokenEndpoint,
                clientID: kept.clientID, clientSecret: kept.clientSecret, authMethod: kept.authMethod,
                createdAt: kept.createdAt)
            #expect(throws: ProviderFailure.self) { try vault.access(to: moved) }
        }
    }

    @Test func `Gatehouse itself is refused as a provider`() async throws {
        try await Harness.run { h in
            var draft = explicit()
            draft.tokenEndpoint = "http://localhost/token"
            let outcome = await run(h, .providers(.add(draft)))
            #expect(throws: AdministrationError.self) { try outcome.get() }
            let kept = try await h.gatehouse.store.read { try $0.providers.list() }
            #expect(kept.isEmpty)
        }
    }

    @Test func `a provider is available to MCP servers of the same owner only, and by default to none`() async throws {
        try await Harness.run { h in
            _ = try await run(h, .providers(.add(explicit()))).get()
            _ = try await run(h, .providers(.add(explicit("other", owner: "Somebody else")))).get()
            let id = h.resource.id.string
            let foreign = await run(h, .providers(.allow(provider: "other", resource: id, scope: "repo")))
            #expect(throws: AdministrationError.self) { try foreign.get() }
            #expect(try await h.gatehouse.store.read { try $0.providers.rules() }.isEmpty)
            _ = try await run(h, .providers(.allow(provider: "hub", resource: id, scope: "repo user"))).get()
            #expect(try await h.gatehouse.store.read { try $0.providers.rules() }.map(\.scope.string) == ["repo user"])
            let last = try await h.gatehouse.store.read { try $0.audit.tail(limit: 1) }.first?.entry
            #expect(last?.action == .providerAllowed && last?.resource == h.resource.id)
            _ = try await run(h, .providers(.allow(provider: "hub", resource: id, scope: nil))).get()
            #expect(try await h.gatehouse.store.read { try $0.providers.rules() }.isEmpty)
        }
    }

    @Test func `revoking a connection erases it here, notifies the provider, and reports a failure`() async throws {
        try await Harness.run { h in
            let server = try await LoopbackServer.start { request in
                LoopbackServer.http(request.contains("token=refresh-1") ? "200 OK" : "503 Later", body: "")
            }
            var draft = explicit()
            draft.revocationEndpoint = "http://127.0.0.1:\(server.port)/revoke"
            _ = try await run(h, .providers(.add(draft))).get()
            for (refresh, note) in [("refresh-1", "revoked the tokens"), ("refresh-2", "503")] {
                let id = try await connect(h, refresh: refresh)
                let answer = try await run(h, .connections(.revoke(id.string))).get()
                #expect(answer.note?.contains(note) == true)
                #expect(answer.rows.first?["state"]?.string == "ended")
                let kept = try await h.gatehouse.store.read { try $0.connections.find(id) }
                #expect(kept?.tokens == nil && kept?.endReason == .revokedByAdmin)
                let again = await run(h, .connections(.revoke(id.string)))
                #expect(throws: AdministrationError.self) { try again.get() }
            }
            let sent = try #require(server.requests.first)
            #expect(sent.contains("token_type_hint=refresh_token") && sent.contains("Authorization: Basic "))
            #expect(!sent.contains("access-canary"))
            let listed = try await run(h, .connections(.list(ConnectionSelection(user: "ada")))).get()
            #expect(listed.rows.count == 2 && !listed.json.text.contains("refresh-"))
            try await server.stop()
        }
    }

    private func connect(_ h: Harness, refresh: String) async throws -> ConnectionID {
        let id = ConnectionID.random()
        let tokens = try #require(
            ProviderTokens(Array(#"{"access":"access-canary","refresh":"\#(refresh)"}"#.utf8)))
        try await h.gatehouse.store.write { [now = h.clock.now] transaction in
            let sealed = try ConnectionVault(keys: h.gatehouse.keys).seal(tokens, of: id, in: transaction)
            try transaction.connections.connect(
                Connection(
                    id: id, userID: h.user.id, resourceID: h.resource.id, provider: ProviderName("hub"),
                    asked: ScopeSet(parsing: "repo"), scope: ScopeSet(parsing: "repo"), tokens: sealed, createdAt: now))
        }
        return id
    }
}

/// The port of a server, for its own responses.
private final class SharedPort: Sendable {
    private let port = Mutex(0)

    var value: Int {
        get { port.withLock { $0 } }
        set { port.withLock { $0 = newValue } }
    }
}
