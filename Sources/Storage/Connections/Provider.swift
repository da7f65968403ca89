package import OAuth

/// How Gatehouse authenticates at a provider's token endpoint.
package enum ProviderAuthentication: String, Hashable, Sendable, CaseIterable {
    /// Gatehouse is a public client.
    case none
    /// The client secret is sent in the Authorization header.
    case clientSecretBasic = "client_secret_basic"
    /// The client secret is sent in the form.
    case clientSecretPost = "client_secret_post"
    /// Gatehouse signs an assertion with a key of its own. Identity providers alone can have it.
    ///
    /// Spec: OpenID Connect Core §9
    case privateKeyJWT = "private_key_jwt"
}

/// An OAuth provider at which users have accounts, and Gatehouse's client registration there.
///
/// MCP servers of different owners never share a registration, so that one owner's server cannot use the consent that
/// another owner's server obtained.
package struct Provider: Hashable, Sendable {
    package let name: ProviderName
    /// Who is accountable for the registration; only MCP servers of the same owner may use it.
    package let owner: String
    /// The provider's issuer identifier; nil if unknown.
    package let issuer: String?
    /// The URL to which users are redirected.
    package let authorizationEndpoint: String
    package let tokenEndpoint: String
    /// The revocation endpoint; nil if the provider has none.
    package let revocationEndpoint: String?
    /// Gatehouse's client id at the provider.
    package let clientID: String
    /// The client secret, sealed; nil for a public client.
    package private(set) var clientSecret: [UInt8]?
    package let authMethod: ProviderAuthentication
    /// Whether every authorization response of the provider has `iss`, so that one without it is refused.
    package let sendsIssuer: Bool
    /// Whether only the provider's metadata names the token endpoint, and it is outside the issuer's origin.
    package let isTokenEndpointForeign: Bool
    /// Whether only the provider's metadata names the revocation endpoint, and it is outside the issuer's origin.
    package let isRevocationEndpointForeign: Bool
    package let createdAt: Timestamp

    /// A provider in its stored form.
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

    /// The provider with another sealed secret.
    package func with(clientSecret: [UInt8]?) -> Provider {
        var other = self
        other.clientSecret = clientSecret
        return other
    }
}

/// The scopes that one MCP server may have at one provider; without a rule it may have none.
package struct ProviderRule: Hashable, Sendable {
    package let provider: ProviderName
    package let resourceID: ResourceID
    /// The scopes that the MCP server may request.
    package let scope: ScopeSet
    /// Other names of these scopes in the provider's answers.
    package let aliases: [ScopeAlias]
    package let createdAt: Timestamp

    /// A rule in its stored form.
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

/// Providers, and the rules which MCP server may use them.
package struct Providers: Noun {
    let transaction: Transaction
}

extension Providers {
    private static let columns = """
        name, owner, issuer, authorization_endpoint, token_endpoint, revocation_endpoint, client_id, client_secret,
        auth_method, sends_issuer, created_at, token_endpoint_is_foreign, revocation_endpoint_is_foreign
        """

    private static let ruleColumns = "provider, resource_id, scope, created_at, aliases"

    /// Registers a provider; false if the name is taken.
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

    /// Replaces the sealed secret of a provider.
    package func setSecret(_ sealed: [UInt8], of name: ProviderName) throws {
        try execute("UPDATE providers SET client_secret = ?2 WHERE name = ?1", name.string, sealed.stored)
    }

    /// The provider of this name.
    package func find(_ name: ProviderName) throws -> Provider? {
        try first("SELECT \(Self.columns) FROM providers WHERE name = ?1", name.string) { try Provider($0) }
    }

    /// Every provider, by name.
    package func list() throws -> [Provider] {
        try all("SELECT \(Self.columns) FROM providers ORDER BY name") { try Provider($0) }
    }

    /// Removes a provider with its rules and open attempts, and ends and returns its connections. Nil if it does not exist.
    package func remove(provider name: ProviderName, now: Timestamp) throws -> [Connection]? {
        guard try execute("DELETE FROM providers WHERE name = ?1", name.string) == 1 else { return nil }
        return try transaction.connections.end(ConnectionFilter(provider: name), reason: .providerRemoved, now: now)
    }

    /// Sets the rule of an MCP server in place of an earlier one.
    package func set(_ rule: ProviderRule) throws {
        try execute(
            """
            INSERT INTO provider_rules (\(Self.ruleColumns)) VALUES (?1, ?2, ?3, ?4, ?5)
            ON CONFLICT (provider, resource_id) DO UPDATE SET
                scope = excluded.scope, created_at = excluded.created_at, aliases = excluded.aliases
            """, rule.provider.string, rule.resourceID.string, rule.scope.string, rule.createdAt.seconds,
            ScopeAlias.text(rule.aliases))
    }

    /// Removes the rule of an MCP server; false if there is none.
    package func removeRule(provider: ProviderName, resource: ResourceID) throws -> Bool {
        try execute(
            "DELETE FROM provider_rules WHERE provider = ?1 AND resource_id = ?2", provider.string, resource.string)
            == 1
    }

    /// The rule of an MCP server at a provider; nil if it may have nothing.
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
