/// The requests about providers.
package enum ProviderRequest: Codable, Hashable, Sendable {
    /// Registers a provider with Gatehouse's client credentials there.
    case add(ProviderDraft)
    /// Lists all providers with the MCP servers that may use them.
    case list
    /// Removes a provider and revokes its connections.
    case remove(String)
    /// Allows an MCP server (ID or identifier) to request these scopes; nil withdraws the permission. `sameAs` contains pairs
    /// `ALLOWED=OTHER`: the provider may grant the first scope under the second name.
    case allow(provider: String, resource: String, scope: String?, sameAs: [String] = [])
}

extension ProviderRequest: NounRequest {
    package var traits: RequestTraits {
        switch self {
        case .list: [.safeOnRolledBackTrail, .callsProviders]
        case .add(let draft): draft.clientSecret == nil ? .callsProviders : [.needsKeys, .callsProviders]
        case .remove: [.withdrawsAccess, .callsProviders]
        case .allow: .callsProviders
        }
    }

    func perform(_ task: AdministrationTask) async throws -> AdministrationAnswer {
        try await ProviderAdministration(task: task).perform(self)
    }
}

/// A provider to register, unchecked: either an issuer whose endpoints are discovered, or the endpoints.
package struct ProviderDraft: Codable, Hashable, Sendable {
    /// The short name, which is part of the redirect URI.
    package var name: String
    /// The accountable owner; only MCP servers of the same owner may use the provider.
    package var owner: String
    /// The issuer identifier, exactly as the provider publishes it.
    package var issuer: String?
    /// The authorization endpoint; nil to discover it.
    package var authorizationEndpoint: String?
    /// The token endpoint; nil to discover it.
    package var tokenEndpoint: String?
    /// The revocation endpoint; nil to discover it.
    package var revocationEndpoint: String?
    /// The client ID of Gatehouse at the provider.
    package var clientID: String
    /// The client secret, which is sealed at once and never shown again.
    package var clientSecret: String?
    /// The client authentication method; nil for one that the provider supports.
    package var authMethod: String?

    /// A provider with its required fields.
    package init(name: String, owner: String, clientID: String) {
        self.name = name
        self.owner = owner
        self.clientID = clientID
    }
}

/// The requests about connections.
package enum ConnectionRequest: Codable, Hashable, Sendable {
    /// Lists the matching connections, newest first.
    case list(ConnectionSelection, page: PageRequest = PageRequest())
    /// Revokes a connection here and at its provider.
    case revoke(String)
}

extension ConnectionRequest: NounRequest {
    package var traits: RequestTraits {
        switch self {
        case .list: [.safeOnRolledBackTrail, .callsProviders]
        case .revoke: [.needsKeys, .callsProviders, .withdrawsAccess]
        }
    }

    func perform(_ task: AdministrationTask) async throws -> AdministrationAnswer {
        try await ConnectionAdministration(task: task).perform(self)
    }
}

/// A selection of connections. A connection matches if it matches every criterion that is set.
package struct ConnectionSelection: Codable, Hashable, Sendable {
    /// Only connections of this user (name or subject).
    package var user: String?
    /// Only connections for this MCP server (ID or identifier).
    package var resource: String?
    /// Only connections at this provider.
    package var provider: String?

    /// Selects every connection by default.
    package init(user: String? = nil, resource: String? = nil, provider: String? = nil) {
        self.user = user
        self.resource = resource
        self.provider = provider
    }
}
