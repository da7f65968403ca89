package import OAuth

/// How Gatehouse authenticates at a provider's token endpoint.
package enum ProviderAuthentication: String, Hashable, Sendable, CaseIterable {
    /// Gatehouse is a public client there.
    case none
    /// Its secret goes into the Authorization header.
    case clientSecretBasic = "client_secret_basic"
    /// Its secret goes into the form.
    case clientSecretPost = "client_secret_post"
}

/// A third party at which people have accounts, and the client that Gatehouse is there.
///
/// One owner answers for it: the client registration is never shared between MCP servers of different owners.
package struct Provider: Hashable, Sendable {
    package let name: ProviderName
    /// Who answers for the registration; only MCP servers of the same owner may use it.
    package let owner: String
    /// The provider's issuer identifier, where it is known.
    package let issuer: String?
    /// Where people are sent.
    package let authorizationEndpoint: String
    package let tokenEndpoint: String
    package let revocationEndpoint: String?
    /// Who Gatehouse is at the provider.
    package let clientID: String
    /// The client's secret, sealed; nil for a public client.
    package private(set) var clientSecret: [UInt8]?
    package let authMethod: ProviderAuthentication
    /// Whether it says who answers in every authorization response, so that one without it is refused.
    package let sendsIssuer: Bool
    /// Whether nobody but the provider's own document named the token endpoint, outside of the issuer's origin.
    package let isTokenEndpointForeign: Bool
    /// The same about the revocation endpoint.
    package let isRevocationEndpointForeign: Bool
    package let createdAt: Timestamp

    /// A provider, as it is to be stored.
    package init(
        name: ProviderName, owner: String, issuer: String?, authorizationEndpoint: String, tokenEndpoint: String,
        revocationEndpoint: String? = nil, clientID: String, clientSecret: [UInt8]? = nil,
        authMethod: ProviderAuthentication = .none, sendsIssuer: Bool = false,
        isTokenEndpointForeign: Bool = false, isRevocationEndpointForeign: Bool = false, createdAt: Timestamp
    ) {
        self.name = name
        self.owner = owner
        self.issuer = issuer
        self.authorizationEndpoint = authorizationEndpoint
        self.tokenEndpoint = tokenEndpoint
        self.revocationEndpoint = revocationEndpoint
        self.clientID = clientID
        self.clientSecret = clientSecret
        self.authMethod = authMethod
        self.sendsIssuer = sendsIssuer
        self.isTokenEndpointForeign = isTokenEndpointForeign
        self.isRevocationEndpointForeign = isRevocationEndpointForeign
        self.createdAt = createdAt
    }

    /// The same with another sealed secret.
    package func with(clientSecret: [UInt8]?) -> Provider {
        var other = self
        other.clientSecret = clientSecret
        return other
    }
}

/// What one MCP server may have of one provider; without a rule, nothing.
package struct ProviderRule: Hashable, Sendable {
    package let provider: ProviderName
    package let resourceID: ResourceID
    /// The scopes at the provider that it may ask for.
    package let scope: ScopeSet
    /// Other names by which the provider grants them.
    package let aliases: [ScopeAlias]
    package let createdAt: Timestamp

    /// A rule, as it is to be stored.
    package init(
        provider: ProviderName, resourceID: ResourceID, scope: ScopeSet, aliases: [ScopeAlias] = [],
        createdAt: Timestamp
    ) {
        self.provider = provider
        self.resourceID = resourceID
        self.scope = scope
        self.aliases = aliases
        self.createdAt = createdAt
    }
}

/// Third parties whose accounts can be connected, and who may use them.
package struct Providers: Noun {
    let transaction: Transaction
}

extension Providers {
    private static let columns = """
        name, owner, issuer, authorization_endpoint, token_endpoint, revocation_endpoint, client_id, client_secret,
        auth_method, sends_issuer, created_at, token_endpoint_is_foreign, revocation_endpoint_is_foreign
        """

    private static let ruleColumns = "provider, resource_id, scope, created_at, aliases"

    /// Registers a provider; false when the name is taken.
    @discardableResult
    package func insert(_ provider: Provider) throws -> Bool {
        try execute(
            """
            INSERT INTO providers (\(Self.columns))
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
            ON CONFLICT (name) DO NOTHING
            """, provider.name.string, provider.owner, provider.issuer, provider.authorizationEndpoint,
            provider.tokenEndpoint, provider.revocationEndpoint, provider.clientID, provider.clientSecret?.stored,
            provider.authMethod.rawValue, provider.sendsIssuer ? 1 : 0, provider.createdAt.seconds,
            provider.isTokenEndpointForeign ? 1 : 0, provider.isRevocationEndpointForeign ? 1 : 0) == 1
    }

    /// The provider of this name.
    package func find(_ name: ProviderName) throws -> Provider? {
        try first("SELECT \(Self.columns) FROM providers WHERE name = ?1", name.string) { try Provider($0) }
    }

    /// Every provider, by name.
    package func list() throws -> [Provider] {
        try all("SELECT \(Self.columns) FROM providers ORDER BY name") { try Provider($0) }
    }

    /// Removes a provider with its rules and with whoever is on the way there; its connections end and are returned.
    /// Nil when there is none.
    package func remove(provider name: ProviderName, now: Timestamp) throws -> [Connection]? {
        guard try execute("DELETE FROM providers WHERE name = ?1", name.string) == 1 else { return nil }
        return try transaction.connections.end(ConnectionFilter(provider: name), reason: .providerRemoved, now: now)
    }

    /// Lets an MCP server have these scopes, in place of those that it could have before.
    package func set(_ rule: ProviderRule) throws {
        try execute(
            """
            INSERT INTO provider_rules (\(Self.ruleColumns)) VALUES (?1, ?2, ?3, ?4, ?5)
            ON CONFLICT (provider, resource_id) DO UPDATE SET
                scope = excluded.scope, created_at = excluded.created_at, aliases = excluded.aliases
            """, rule.provider.string, rule.resourceID.string, rule.scope.string, rule.createdAt.seconds,
            ScopeAlias.text(rule.aliases))
    }

    /// Takes from an MCP server what it may have; false when that was nothing.
    package func removeRule(provider: ProviderName, resource: ResourceID) throws -> Bool {
        try execute(
            "DELETE FROM provider_rules WHERE provider = ?1 AND resource_id = ?2", provider.string, resource.string)
            == 1
    }

    /// What an MCP server may have of a provider; nil is nothing.
    package func rule(provider: ProviderName, resource: ResourceID) throws -> ProviderRule? {
        try first(
            """
            SELECT \(Self.ruleColumns) FROM provider_rules
            WHERE provider = ?1 AND resource_id = ?2
            """, provider.string, resource.string
        ) { try ProviderRule($0) }
    }

    /// Every rule, by provider.
    package func rules() throws -> [ProviderRule] {
        try all("SELECT \(Self.ruleColumns) FROM provider_rules ORDER BY provider, created_at") {
            try ProviderRule($0)
        }
    }
}

extension Provider {
    fileprivate init(_ row: StoredRow) throws {
        try self.init(
            name: ProviderName(row.text(0)), owner: row.text(1), issuer: row.textIfAny(2),
            authorizationEndpoint: row.text(3), tokenEndpoint: row.text(4), revocationEndpoint: row.textIfAny(5),
            clientID: row.text(6), clientSecret: row.bytesIfAny(7),
            authMethod: row.parsed(ProviderAuthentication(rawValue: row.text(8))), sendsIssuer: row.flag(9),
            isTokenEndpointForeign: row.flag(11), isRevocationEndpointForeign: row.flag(12), createdAt: row.time(10))
    }
}

extension ProviderRule {
    fileprivate init(_ row: StoredRow) throws {
        try self.init(
            provider: ProviderName(row.text(0)), resourceID: row.id(1), scope: row.scope(2),
            aliases: ScopeAlias.read(row.text(4)), createdAt: row.time(3))
    }
}
