/// What can be asked about providers.
package enum ProviderRequest: Codable, Hashable, Sendable {
    /// Registers a provider, with the client that Gatehouse is there.
    case add(ProviderDraft)
    /// Names all providers, with who may have what of them.
    case list
    /// Removes a provider; the connections there end.
    case remove(String)
    /// Lets an MCP server, by id or identifier, have these scopes; no scopes take the permission back. `sameAs` has pairs
    /// `ALLOWED=OTHER`: the provider may grant the one by the name of the other.
    case allow(provider: String, resource: String, scope: String?, sameAs: [String] = [])
}

/// A provider as an operator describes it: either an issuer to discover, or endpoints.
package struct ProviderDraft: Codable, Hashable, Sendable {
    /// The short name, which becomes part of the address that people come back to.
    package var name: String
    /// Who answers for the registration; only MCP servers of the same owner may use it.
    package var owner: String
    /// The provider's issuer identifier, exactly as it names itself.
    package var issuer: String?
    /// Where people are sent, if that is not to be discovered.
    package var authorizationEndpoint: String?
    /// Where codes are redeemed, if that is not to be discovered.
    package var tokenEndpoint: String?
    /// Where tokens are given up.
    package var revocationEndpoint: String?
    /// Who Gatehouse is at the provider.
    package var clientID: String
    /// The client's secret; it is sealed at once and never shown again.
    package var clientSecret: String?
    /// How Gatehouse proves itself; a way that the provider supports unless this is said.
    package var authMethod: String?

    /// A description of a provider, with what each needs; the rest is said besides.
    package init(name: String, owner: String, clientID: String) {
        self.name = name
        self.owner = owner
        self.clientID = clientID
    }
}

/// What can be asked about connections.
package enum ConnectionRequest: Codable, Hashable, Sendable {
    /// Names the connections that match, the newest first.
    case list(ConnectionSelection, page: PageRequest = PageRequest())
    /// Ends one, and tells its provider.
    case revoke(String)
}

/// Which connections are meant; what is not said does not narrow.
package struct ConnectionSelection: Codable, Hashable, Sendable {
    /// Those of a person, by name or subject.
    package var user: String?
    /// Those for an MCP server, by id or identifier.
    package var resource: String?
    /// Those at a provider.
    package var provider: String?

    /// A selection that does not narrow unless told to.
    package init(user: String? = nil, resource: String? = nil, provider: String? = nil) {
        self.user = user
        self.resource = resource
        self.provider = provider
    }
}
