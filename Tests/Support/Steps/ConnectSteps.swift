import AuthorizationServer
package import HummingbirdTesting
import JOSE
import NIOCore
import OAuth
import Outbound
package import Storage

extension Harness {
    /// Registers a provider for the first MCP server's owner and lets that server have `repo` and `user`.
    package func add(
        _ provider: LoopbackProvider, as name: String = "hub", issuer: String? = nil
    ) async throws {
        let administration = Administration(
            store: gatehouse.store, keys: gatehouse.keys,
            providers: ProviderClient(
                issuer: gatehouse.settings.issuer, outbound: OperatorClient(deadline: .seconds(20))), clock: clock.wall)
        let administrator = Administrator(uid: 1000, claimed: nil)
        var draft = ProviderDraft(name: name, owner: resource.owner, clientID: "gatehouse")
        draft.issuer = issuer
        draft.authorizationEndpoint = provider.address("/authorize")
        draft.tokenEndpoint = provider.address("/token")
        draft.revocationEndpoint = provider.address("/revoke")
        draft.clientSecret = "provider-secret-canary"
        _ = try await administration.run(.providers(.add(draft)), by: administrator)
        _ = try await administration.run(
            .providers(.allow(provider: name, resource: resource.id.string, scope: "repo user")), by: administrator)
        try await gatehouse.store.write { [resource] in
            try $0.resources.set(ResourcePolicy(elicitationKinds: [.confirm, .connect]), of: resource.id)
        }
    }

    /// Asks the person behind an access token to connect an account.
    package func askToConnect(
        _ token: String, provider: String = "hub", scope: String? = "repo", as server: AskingServer? = nil
    ) async throws -> TestResponse {
        try await ask(
            token,
            [
                "kind": "connect", "message": "Connect your account.", "action": nil, "provider": .string(provider),
                "scope": scope.map(JSON.string),
            ], as: server)
    }

    /// Agrees on the page; the `state` that the browser takes along to the provider.
    package func depart(_ browser: TestBrowser, _ asked: Asked) async throws -> String {
        let page = try await open(browser, asked)
        let answer = try await press(browser, asked, "approve", at: page)
        return FormText.decode(queryOf: answer.continuation ?? "")["state"]?.first ?? ""
    }

    /// Comes back from a provider.
    package func comeBack(
        _ browser: TestBrowser, state: String, to provider: String = "hub", _ changes: [String: String?] = [:]
    ) async throws -> TestResponse {
        var answer: [String: String] = ["code": "code-canary", "state": state]
        for (name, value) in changes { answer[name] = value }
        return try await browser.get(
            "/connect/\(provider)/callback?" + FormText.encode(answer.map { ($0.key, $0.value) }))
    }

    /// Walks the whole way from asking to the connection.
    package func connected(_ token: String, _ browser: TestBrowser) async throws -> Asked {
        let asked = try await Asked(askToConnect(token))
        _ = try await comeBack(browser, state: depart(browser, asked))
        return asked
    }

    /// Asks for the provider's access token.
    package func exchange(
        _ token: String, as server: AskingServer? = nil, _ changes: [String: String?] = [:]
    ) async throws -> TestResponse {
        let server = server ?? self.server
        var form: [String: String] = [
            "grant_type": GrantType.tokenExchange.rawValue, "subject_token": token,
            "subject_token_type": TokenExchangeRequest.accessTokenType, "audience": "urn:gatehouse:provider:hub",
        ]
        for (name, value) in changes { form[name] = value }
        return try await send(
            "/token", form.map { ($0.key, $0.value) }, basic: (server.resource.id.string, server.secret.reveal()))
    }

    /// Every connection in the database, the newest first.
    package func connections() async throws -> [Connection] {
        try await gatehouse.store.read { try $0.connections.list(ConnectionFilter(), limit: 100) }
    }
}
