import JOSE
import OAuth
import Outbound
import Storage

/// The administration of providers.
struct ProviderAdministration: AdministrationNoun {
    let task: AdministrationTask

    func perform(_ request: ProviderRequest) async throws -> AdministrationAnswer {
        switch request {
        case .add(let draft): try await addProvider(draft)
        case .list: .many(try await providerRows())
        case .remove(let name): try await removeProvider(name)
        case .allow(let provider, let resource, let scope?, let sameAs):
            try await allow(provider, resource, scope, sameAs)
        case .allow(let provider, let resource, nil, _): try await forbid(provider, resource)
        }
    }

    private func addProvider(_ draft: ProviderDraft) async throws -> AdministrationAnswer {
        let checked = try await checkedProvider(draft)
        let secret = draft.clientSecret.map { Secret($0) }
        let vault = secret == nil ? nil : try vault()
        let provider = try await store.write { transaction in
            try insert(checked, secret: secret, vault: vault, transaction)
        }
        let address = administration.providers?.redirectURI(provider.name)
        return .one(
            provider.row(redirectURI: address, rules: []),
            note: address.map { "Register this redirect URI at the provider, for this client only: \($0)" })
    }

    /// Adds a checked provider with its record, and returns it with its sealed secret.
    func insert(
        _ checked: Provider, secret: Secret?, vault: ConnectionVault?, _ transaction: Transaction
    ) throws -> Provider {
        let sealed = try secret.flatMap { try vault?.seal($0, of: checked.name, in: transaction) }
        let provider = checked.with(clientSecret: sealed)
        guard try transaction.providers.insert(provider) else {
            throw AdministrationError(.conflict, "Provider '\(provider.name)' already exists.")
        }
        try audit(
            transaction, .providerAdded, reason: "provider \(provider.name)", explanation: "owner \(provider.owner)")
        return provider
    }

    /// The provider with discovered endpoints where the draft has none. Its secret is sealed when it is stored.
    func checkedProvider(_ draft: ProviderDraft) async throws -> Provider {
        let name = try ProviderName(draft.name)
        let clientID = try AdministrationText.checked(draft.clientID, as: "The client id", atMost: 2000)
        let issuer = try draft.issuer.map { try Self.checkedURL($0, as: "The issuer") }
        let metadata = try await metadata(of: draft, issuer: issuer)
        guard let authorization = draft.authorizationEndpoint ?? metadata?.authorizationEndpoint,
            let token = draft.tokenEndpoint ?? metadata?.tokenEndpoint
        else {
            throw AdministrationError(.invalid, "Give the issuer, or both the authorization and the token endpoint.")
        }
        // A connection is to a third party. Access to this Gatehouse's own MCP servers is granted only on the consent page.
        if let own = administration.providers?.issuer.string, token.hasPrefix(own + "/") {
            throw AdministrationError(.invalid, "This Gatehouse cannot be its own provider. Use another server.")
        }
        let revocation = draft.revocationEndpoint ?? metadata?.revocationEndpoint
        let method = try Self.method(draft, offered: metadata?.authMethods)
        let named = NamedEndpoints(draft, issuer: issuer)
        try named.checkAuthorization(authorization)
        return Provider(
            name: name, owner: try AdministrationText.checked(draft.owner, as: "The owner"), issuer: issuer,
            authorizationEndpoint: try Self.checkedURL(authorization, as: "The authorization endpoint"),
            tokenEndpoint: try Self.checkedURL(token, as: "The token endpoint"),
            revocationEndpoint: try revocation.map { try Self.checkedURL($0, as: "The revocation endpoint") },
            clientID: clientID, authMethod: method, sendsIssuer: metadata?.sendsIssuer ?? false,
            isTokenEndpointForeign: try named.isTokenEndpointForeign(token),
            isRevocationEndpointForeign: try revocation.map(named.isRevocationEndpointForeign) ?? false, createdAt: now)
    }

    private func metadata(of draft: ProviderDraft, issuer: String?) async throws -> ProviderMetadata? {
        guard draft.authorizationEndpoint == nil || draft.tokenEndpoint == nil, let issuer else { return nil }
        guard let client = administration.providers else {
            throw AdministrationError(.unavailable, "This process cannot discover endpoints. Give the endpoints.")
        }
        return try await client.discover(issuer)
    }

    /// The client authentication method: the one that the draft names, or one that the provider offers.
    static func method(
        _ draft: ProviderDraft, offered: [String]?
    ) throws(AdministrationError) -> ProviderAuthentication {
        let known: [ProviderAuthentication] = [.clientSecretBasic, .clientSecretPost]
        let preferred = known.first { offered?.contains($0.rawValue) ?? true } ?? .clientSecretBasic
        let usual = draft.clientSecret == nil ? ProviderAuthentication.none : preferred
        guard let method = draft.authMethod.map(ProviderAuthentication.init(rawValue:)) ?? usual else {
            throw AdministrationError(
                .invalid, "'\(draft.authMethod ?? "")' is not an authentication method of Gatehouse at providers.")
        }
        guard method != .privateKeyJWT else {
            throw AdministrationError(
                .invalid,
                "private_key_jwt is only for identity providers. Use client_secret_basic or client_secret_post.")
        }
        guard (method == .none) == (draft.clientSecret == nil) else {
            throw AdministrationError(
                .invalid, "client_secret_basic and client_secret_post require a client secret; none excludes one.")
        }
        return method
    }

    private func providerRows() async throws -> [JSONObject] {
        let client = administration.providers
        return try await store.read { transaction in
            let rules = Dictionary(grouping: try transaction.providers.rules(), by: \.provider)
            return try transaction.providers.list().map { provider in
                let rules = try (rules[provider.name] ?? []).compactMap { rule in
                    try transaction.resources.find(id: rule.resourceID).map { ($0.identifier.string, rule.text) }
                }
                return provider.row(redirectURI: client?.redirectURI(provider.name), rules: rules)
            }
        }
    }

    private func removeProvider(_ text: String) async throws -> AdministrationAnswer {
        try await store.write { transaction in
            let provider = try self.provider(text, transaction)
            let ended = try remove(provider, transaction)
            return .one(
                provider.row(redirectURI: nil, rules: []),
                note: ended.isEmpty ? nil : "Revoked \(ended.count) connection\(ended.count == 1 ? "" : "s").")
        }
    }

    /// Removes a provider with its record, and returns the connections that it revoked.
    func remove(_ provider: Provider, _ transaction: Transaction) throws -> [Connection] {
        let ended = try transaction.providers.remove(provider: provider.name, now: now) ?? []
        try audit(transaction, .providerRemoved, reason: "provider \(provider.name)")
        try record(ended, transaction)
        return ended
    }

    private func allow(
        _ provider: String, _ resource: String, _ scope: String, _ sameAs: [String]
    ) async throws -> AdministrationAnswer {
        let scope = try ScopeSet(parsing: scope)
        let aliases = try sameAs.map { try ScopeAlias($0, in: scope) }
        return try await store.write { transaction in
            let provider = try self.provider(provider, transaction)
            let resource = try self.resource(resource, transaction)
            try allow(provider.name, resource, scope, aliases, transaction)
            let others = try transaction.providers.rules().filter {
                $0.provider == provider.name && $0.resourceID != resource.id
            }
            return .one(
                Self.row(provider, resource, scope, aliases),
                warning: others.isEmpty ? nil : Self.sharedClient(provider.name))
        }
    }

    /// Sets what an MCP server may request at a provider, with its record.
    func allow(
        _ name: ProviderName, _ resource: Resource, _ scope: ScopeSet, _ aliases: [ScopeAlias],
        _ transaction: Transaction
    ) throws {
        let provider = try self.provider(name.string, transaction)
        // With a shared registration, one owner's MCP server could use accounts that users connected for the other's.
        guard provider.owner == resource.owner else {
            throw AdministrationError(
                .invalid,
                "Provider '\(provider.name)' belongs to \(provider.owner), but \(resource.identifier) to "
                    + "\(resource.owner). Register another client at the provider, and add it for that owner.")
        }
        let rule = ProviderRule(
            provider: provider.name, resourceID: resource.id, scope: scope, aliases: aliases, createdAt: now)
        try transaction.providers.set(rule)
        try audit(
            transaction, .providerAllowed, resource: resource.id, reason: "provider \(provider.name): \(rule.text)")
    }

    /// Withdraws what an MCP server may request at a provider, with its record; false if it may request nothing there.
    @discardableResult
    func forbid(_ name: ProviderName, _ resource: Resource, _ transaction: Transaction) throws -> Bool {
        guard try transaction.providers.removeRule(provider: name, resource: resource.id) else { return false }
        try audit(transaction, .providerForbidden, resource: resource.id, reason: "provider \(name)")
        return true
    }

    private func forbid(_ provider: String, _ resource: String) async throws -> AdministrationAnswer {
        try await store.write { transaction in
            let provider = try self.provider(provider, transaction)
            let resource = try self.resource(resource, transaction)
            guard try forbid(provider.name, resource, transaction) else {
                throw AdministrationError(
                    .notFound,
                    "MCP server '\(resource.identifier)' has no permission for provider '\(provider.name)'. Nothing was "
                        + "changed.")
            }
            return .one(
                Self.row(provider, resource, []),
                note:
                    "Existing connections stay, but the MCP server gets no more tokens. Revoke them with 'gatehouse connections "
                    + "revoke'.")
        }
    }

    private static func sharedClient(_ name: ProviderName) -> String {
        "Another MCP server uses provider '\(name)' too. If the provider grants scopes per client ID, as GitHub and Google do, "
            + "a token for one MCP server includes the scopes granted for the other, and the connection fails with "
            + "scope_exceeded. Register a client for each MCP server there, and add each as a provider of its own."
    }

    private static func row(
        _ provider: Provider, _ resource: Resource, _ scope: ScopeSet, _ aliases: [ScopeAlias] = []
    ) -> JSONObject {
        [
            "provider": .string(provider.name.string), "resource": .string(resource.identifier.string),
            "scope": .string(scope.string), "same_as": .strings(aliases.map(\.text)),
        ]
    }

    /// Appends an audit record for each revoked connection, in the transaction that revokes it.
    private func record(_ ended: [Connection], _ transaction: Transaction) throws {
        for connection in ended {
            try transaction.audit.append(AuditEntry(ended: connection, by: administrator.actor, at: now))
        }
    }

    /// An acceptable URL of an operator, unchanged; `name` begins the sentence of an error.
    static func checkedURL(_ text: String, as name: String) throws(AdministrationError) -> String {
        do {
            _ = try RemoteURL(operator: text)
            return text
        } catch {
            throw AdministrationError(.invalid, "\(name) is invalid: \(error).")
        }
    }
}

extension Provider {
    /// The row of a provider, without its secret.
    fileprivate func row(redirectURI: String?, rules: [(resource: String, scope: String)]) -> JSONObject {
        [
            "name": .string(name.string), "owner": .string(owner), "issuer": JSON(issuer),
            "client_id": .string(clientID), "auth": .string(authMethod.rawValue),
            "authorization_endpoint": .string(authorizationEndpoint), "token_endpoint": .string(tokenEndpoint),
            "revocation_endpoint": JSON(revocationEndpoint), "redirect_uri": JSON(redirectURI),
            "allowed": .strings(rules.map { "\($0.resource): \($0.scope)" }), "created_at": .string(createdAt.rfc3339),
        ]
    }
}
