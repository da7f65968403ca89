import AuthorizationServer
package import HummingbirdTesting
import JOSE
import NIOCore
import OAuth
import Outbound
package import Storage
package import TestSupport

/// The steps of connecting an account at a third-party provider.
package struct ProviderSteps: Sendable {
    let harness: Harness

    /// Registers a provider for the owner of the first MCP server and grants that server the scopes `repo` and `user`.
    package func add(
        _ provider: LoopbackProvider, as name: String = "hub", issuer: String? = nil
    ) async throws {
        let administration = Administration(
            store: harness.gatehouse.store, keys: harness.gatehouse.keys,
            providers: ProviderClient(
                issuer: harness.gatehouse.settings.issuer, outbound: OperatorClient(deadline: .seconds(20))),
            clock: harness.clock.wall)
        let administrator = Administrator(uid: 1000, claimed: nil)
        var draft = ProviderDraft(name: name, owner: harness.resource.owner, clientID: "gatehouse")
        draft.issuer = issuer
        draft.authorizationEndpoint = provider.address("/authorize")
        draft.tokenEndpoint = provider.address("/token")
        draft.revocationEndpoint = provider.address("/revoke")
        draft.clientSecret = "provider-secret-canary"
        _ = try await administration.run(.providers(.add(draft)), by: administrator)
        _ = try await administration.run(
            .providers(.allow(provider: name, resource: harness.resource.id.string, scope: "repo user")),
            by: administrator)
        try await harness.gatehouse.store.write { [resource = harness.resource] in
            try $0.resources.set(ResourcePolicy(elicitationKinds: [.confirm, .connect]), of: resource.id)
        }
    }

    /// Creates a `connect` elicitation for the user of an access token.
    package func ask(
        _ token: String, provider: String = "hub", scope: String? = "repo", as server: AskingServer? = nil
    ) async throws -> TestResponse {
        try await harness.ask(
            token,
            [
                "kind": "connect", "message": "Connect your account.", "action": nil, "provider": .string(provider),
                "scope": scope.map(JSON.string),
            ], as: server)
    }

    /// Approves on the page and returns the `state` of the redirect to the provider.
    package func depart(_ browser: TestBrowser, _ asked: Asked) async throws -> String {
        let page = try await harness.open(browser, asked)
        let answer = try await harness.press(browser, asked, "approve", at: page)
        return FormText.decode(queryOf: answer.continuation ?? "")["state"]?.first ?? ""
    }

    /// Opens the callback as the provider's redirect would.
    package func comeBack(
        _ browser: TestBrowser, state: String, to provider: String = "hub", _ changes: [String: String?] = [:]
    ) async throws -> TestResponse {
        var answer: [String: String] = ["code": "code-canary", "state": state]
        for (name, value) in changes { answer[name] = value }
        return try await browser.get(
            "/connect/\(provider)/callback?" + FormText.encode(answer.map { ($0.key, $0.value) }))
    }

    /// Creates the elicitation, approves it and returns from the provider.
    package func connect(_ token: String, _ browser: TestBrowser) async throws -> Asked {
        let asked = try await Asked(ask(token))
        _ = try await comeBack(browser, state: depart(browser, asked))
        return asked
    }

    /// Exchanges an access token for the provider's.
    package func exchange(
        _ token: String, as server: AskingServer? = nil, _ changes: [String: String?] = [:]
    ) async throws -> TestResponse {
        let server = server ?? harness.server
        var form: [String: String] = [
            "grant_type": GrantType.tokenExchange.rawValue, "subject_token": token,
            "subject_token_type": TokenExchangeRequest.accessTokenType, "audience": "urn:gatehouse:provider:hub",
        ]
        for (name, value) in changes { form[name] = value }
        return try await harness.send(
            "/token", form.map { ($0.key, $0.value) }, basic: (server.resource.id.string, server.secret.reveal()))
    }

    /// Every connection in the database, the newest first.
    package func connections() async throws -> [Connection] {
        try await harness.gatehouse.store.read { try $0.connections.list(ConnectionFilter(), limit: 100) }
    }
}

extension Harness {
    /// The steps of connecting an account at a third-party provider.
    package var providers: ProviderSteps { ProviderSteps(harness: self) }
}
