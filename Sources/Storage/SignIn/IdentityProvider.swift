import JOSE
package import OAuth

/// An OpenID provider at which users sign in, with Gatehouse's client registration there.
package struct IdentityProvider: Hashable, Sendable {
    /// What an assertion of `private_key_jwt` names as its audience: providers accept one or the other.
    package enum AssertionAudience: String, Hashable, Sendable, CaseIterable {
        case tokenEndpoint = "token_endpoint"
        case issuer
    }

    package let issuer: OpenIDIssuer
    /// Gatehouse's client registration and the provider's endpoints. Its owner is empty: no MCP server uses it.
    package private(set) var registration: Provider
    /// The address of the keys that sign ID tokens.
    package let keysURL: String
    /// Whether only the provider's metadata names that address, and it is outside the issuer's origin.
    package let areKeysForeign: Bool
    /// The audience of Gatehouse's assertions; nil for a provider that takes none.
    package let assertionAudience: AssertionAudience?
    /// The authentication contexts (`acr`) that its metadata listed.
    package let listedContexts: [AuthenticationContext]
    /// The address at which a browser signs out at the provider; nil if the provider has none.
    package let endSessionEndpoint: String?
    package let settings: IdentityProviderSettings

    package var name: ProviderName { registration.name }

    /// A provider in its stored form.
    package init(
        issuer: OpenIDIssuer, registration: Provider, keysURL: String, areKeysForeign: Bool,
        assertionAudience: AssertionAudience? = nil, listedContexts: [AuthenticationContext] = [],
        endSessionEndpoint: String? = nil, settings: IdentityProviderSettings = IdentityProviderSettings()
    ) {
        self.issuer = issuer
        self.registration = registration
        self.keysURL = keysURL
        self.areKeysForeign = areKeysForeign
        self.assertionAudience = assertionAudience
        self.listedContexts = listedContexts
        self.endSessionEndpoint = endSessionEndpoint
        self.settings = settings
    }

    /// The provider with another sealed secret.
    package func with(clientSecret: [UInt8]?) -> IdentityProvider {
        var other = self
        other.registration = registration.with(clientSecret: clientSecret)
        return other
    }
}

extension IdentityProvider {
    /// The scopes that a sign-in requests.
    package var scope: ScopeSet {
        let own: ScopeSet = settings.refreshesGroups ? [.openID, .offlineAccess] : [.openID]
        return own.union(settings.scope)
    }

    /// The claim with the user's groups; nil if groups are not read.
    package var groupClaim: String? {
        settings.groupClaim ?? (settings.requiredGroups.isEmpty && !settings.refreshesGroups ? nil : "groups")
    }

    /// The authentication contexts (`acr`) that the provider can be asked for: those that the operator named, then those of its metadata.
    package var contexts: [AuthenticationContext] {
        listedContexts.reduce(into: settings.contexts) { known, context in
            if !known.contains(context) { known.append(context) }
        }
    }
}

/// OpenID providers at which users sign in.
package struct IdentityProviders: Noun {
    let transaction: Transaction
}

extension IdentityProviders {
    private static let columns = """
        name, issuer, authorization_endpoint, token_endpoint, token_endpoint_is_foreign, keys_url, keys_are_foreign,
        client_id, client_secret, auth_method, assertion_audience, sends_issuer, listed_contexts, end_session_endpoint,
        options, created_at
        """

    /// Adds a provider; false if the name is taken.
    package func insert(_ provider: IdentityProvider) throws -> Bool {
        try write(provider, onConflict: "DO NOTHING") == 1
    }

    /// Replaces the provider of the same name in everything except its issuer and the time at which it was added.
    package func replace(_ provider: IdentityProvider) throws {
        let replaced = Self.columns.split(separator: ",")
            .map { $0.filter { !$0.isWhitespace } }
            .filter { !["name", "issuer", "created_at"].contains($0) }
            .map { "\($0) = excluded.\($0)" }
        _ = try write(
            provider,
            onConflict: "DO UPDATE SET \(replaced.joined(separator: ", ")) WHERE issuer = excluded.issuer")
    }

    private func write(_ provider: IdentityProvider, onConflict action: String) throws -> Int {
        let registration = provider.registration
        writerMemory?.identityProviderChanges.mark()
        return try execute(
            """
            INSERT INTO identity_providers (\(Self.columns))
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)
            ON CONFLICT (name) \(action)
            """, provider.name.string, provider.issuer.string, registration.authorizationEndpoint,
            registration.tokenEndpoint, registration.isTokenEndpointForeign ? 1 : 0, provider.keysURL,
            provider.areKeysForeign ? 1 : 0, registration.clientID, registration.clientSecret?.stored,
            registration.authMethod.rawValue, provider.assertionAudience?.rawValue, registration.sendsIssuer ? 1 : 0,
            JSON.strings(provider.listedContexts.map(\.rawValue)).text, provider.endSessionEndpoint,
            JSON.object(provider.settings.json).text, registration.createdAt.seconds)
    }

    /// The provider of this name.
    package func find(_ name: ProviderName) throws -> IdentityProvider? {
        try first("SELECT \(Self.columns) FROM identity_providers WHERE name = ?1", name.string) {
            try IdentityProvider($0)
        }
    }

    /// Every provider, by name.
    package func list() throws -> [IdentityProvider] {
        try all("SELECT \(Self.columns) FROM identity_providers ORDER BY name") { try IdentityProvider($0) }
    }

    /// The names of all providers, in their order.
    package func names() throws -> [ProviderName] {
        try all("SELECT name FROM identity_providers ORDER BY name") { try ProviderName($0.text(0)) }
    }

    /// Removes a provider with its sign-ins that are under way, voids the links that have to be taken there, and ends the browser
    /// logins that it vouched for. Returns the number of logins; nil if the provider does not exist.
    package func remove(_ name: ProviderName, now: Timestamp) throws -> Int? {
        guard try execute("DELETE FROM identity_providers WHERE name = ?1", name.string) == 1 else { return nil }
        writerMemory?.identityProviderChanges.mark()
        try transaction.accountLinks.voidAll(at: name, now: now)
        return try transaction.upstreamLogins.endAll(of: name)
    }
}

extension IdentityProvider {
    fileprivate init(_ row: StoredRow) throws {
        let issuer = try OpenIDIssuer(row.text(1))
        let registration = try Provider(
            name: ProviderName(row.text(0)), owner: "", issuer: issuer.string, authorizationEndpoint: row.text(2),
            tokenEndpoint: row.text(3), clientID: row.text(7), clientSecret: row.bytesIfAny(8),
            authMethod: row.parsed(ProviderAuthentication(rawValue: row.text(9))), sendsIssuer: row.flag(11),
            isTokenEndpointForeign: row.flag(4), createdAt: row.time(15))
        try self.init(
            issuer: issuer, registration: registration, keysURL: row.text(5), areKeysForeign: row.flag(6),
            assertionAudience: row.textIfAny(10).map { try row.parsed(AssertionAudience(rawValue: $0)) },
            listedContexts: row.strings(12).map(AuthenticationContext.init(rawValue:)),
            endSessionEndpoint: row.textIfAny(13), settings: IdentityProviderSettings(stored: row.text(14)))
    }
}

extension StoredRow {
    /// The strings of a JSON array.
    fileprivate func strings(_ index: Int) throws -> [String] {
        try parsed(JSON.parse(Array(text(index).utf8)).strings)
    }
}
