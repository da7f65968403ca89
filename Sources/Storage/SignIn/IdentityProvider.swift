import JOSE
package import OAuth

/// An OpenID provider at which users sign in, with Gatehouse's client registration there.
package struct IdentityProvider: Hashable, Sendable {
    /// Which accounts here belong to accounts at the provider.
    package enum AccountRule: String, Hashable, Sendable, CaseIterable {
        /// An unknown account becomes a new account here, never an existing one.
        case create
        /// A user who is signed in here links the account; an unknown account is refused.
        case link
        /// Only an invitation that names the provider adds an account; an unknown account is refused.
        case invited
    }

    /// What an assertion of `private_key_jwt` names as its audience: providers accept one or the other.
    package enum AssertionAudience: String, Hashable, Sendable, CaseIterable {
        case tokenEndpoint = "token_endpoint"
        case issuer
    }

    /// Who may sign in.
    package struct Admission: Hashable, Sendable {
        /// Which accounts here belong to accounts at the provider.
        package var accounts: AccountRule
        /// The domains that may sign in, in lower case; empty for any.
        package var domains: [String]
        /// The claim with the user's groups; nil if groups are not read.
        package var groupClaim: String?
        /// The groups of which the user must be in one; empty for anybody.
        package var requiredGroups: [String]
        /// Whether the provider is asked for groups again while the user has live sessions.
        package var refreshesGroups: Bool
        /// Whether a logout at the provider revokes the user's sessions as well as the browser logins.
        package var logoutRevokesSessions: Bool

        /// An admission as the command line gives it.
        package init(
            accounts: AccountRule = .create, domains: [String] = [], groupClaim: String? = nil,
            requiredGroups: [String] = [], refreshesGroups: Bool = false, logoutRevokesSessions: Bool = false
        ) {
            self.accounts = accounts
            self.domains = domains
            self.groupClaim = groupClaim
            self.requiredGroups = requiredGroups
            self.refreshesGroups = refreshesGroups
            self.logoutRevokesSessions = logoutRevokesSessions
        }
    }

    package let issuer: OpenIDIssuer
    /// Gatehouse's client registration and the provider's endpoints. Its owner is empty: no MCP server uses it.
    package private(set) var registration: Provider
    /// The address of the keys that sign ID tokens.
    package let keysURL: String
    /// Whether only the provider's metadata names that address, and it is outside the issuer's origin.
    package let areKeysForeign: Bool
    /// The scopes that a sign-in requests; `openid` is one of them.
    package let scope: ScopeSet
    /// The audience of Gatehouse's assertions; nil for a provider that takes none.
    package let assertionAudience: AssertionAudience?
    /// The authentication contexts (`acr`) that the provider can be asked for.
    package let contexts: [AuthenticationContext]
    /// The address at which a browser signs out at the provider; nil if the provider has none.
    package let endSessionEndpoint: String?
    package let admission: Admission

    package var name: ProviderName { registration.name }

    /// A provider in its stored form.
    package init(
        issuer: OpenIDIssuer, registration: Provider, keysURL: String, areKeysForeign: Bool, scope: ScopeSet,
        assertionAudience: AssertionAudience? = nil, contexts: [AuthenticationContext] = [],
        endSessionEndpoint: String? = nil, admission: Admission
    ) {
        self.issuer = issuer
        self.registration = registration
        self.keysURL = keysURL
        self.areKeysForeign = areKeysForeign
        self.scope = scope
        self.assertionAudience = assertionAudience
        self.contexts = contexts
        self.endSessionEndpoint = endSessionEndpoint
        self.admission = admission
    }

    /// The provider with another sealed secret.
    package func with(clientSecret: [UInt8]?) -> IdentityProvider {
        var other = self
        other.registration = registration.with(clientSecret: clientSecret)
        return other
    }
}

/// OpenID providers at which users sign in.
package struct IdentityProviders: Noun {
    let transaction: Transaction
}

extension IdentityProviders {
    private static let columns = """
        name, issuer, authorization_endpoint, token_endpoint, token_endpoint_is_foreign, keys_url, keys_are_foreign,
        client_id, client_secret, auth_method, sends_issuer, scope, accounts, domains, group_claim, required_groups,
        logout_revokes_sessions, created_at, assertion_audience, contexts, refreshes_groups,
        end_session_endpoint
        """

    /// Adds a provider; false if the name is taken.
    package func insert(_ provider: IdentityProvider) throws -> Bool {
        let (registration, admission) = (provider.registration, provider.admission)
        writerMemory?.identityProviderChanges.mark()
        return try execute(
            """
            INSERT INTO identity_providers (\(Self.columns))
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21,
                ?22)
            ON CONFLICT (name) DO NOTHING
            """, provider.name.string, provider.issuer.string, registration.authorizationEndpoint,
            registration.tokenEndpoint, registration.isTokenEndpointForeign ? 1 : 0, provider.keysURL,
            provider.areKeysForeign ? 1 : 0, registration.clientID, registration.clientSecret?.stored,
            registration.authMethod.rawValue, registration.sendsIssuer ? 1 : 0, provider.scope.string,
            admission.accounts.rawValue, JSON.strings(admission.domains).text, admission.groupClaim,
            JSON.strings(admission.requiredGroups).text, admission.logoutRevokesSessions ? 1 : 0,
            registration.createdAt.seconds, provider.assertionAudience?.rawValue,
            JSON.strings(provider.contexts.map(\.rawValue)).text, admission.refreshesGroups ? 1 : 0,
            provider.endSessionEndpoint) == 1
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
            authMethod: row.parsed(ProviderAuthentication(rawValue: row.text(9))), sendsIssuer: row.flag(10),
            isTokenEndpointForeign: row.flag(4), createdAt: row.time(17))
        try self.init(
            issuer: issuer, registration: registration, keysURL: row.text(5), areKeysForeign: row.flag(6),
            scope: row.scope(11),
            assertionAudience: row.textIfAny(18).map { try row.parsed(AssertionAudience(rawValue: $0)) },
            contexts: row.strings(19).map(AuthenticationContext.init(rawValue:)), endSessionEndpoint: row.textIfAny(21),
            admission: Admission(
                accounts: row.parsed(AccountRule(rawValue: row.text(12))), domains: row.strings(13),
                groupClaim: row.textIfAny(14), requiredGroups: row.strings(15), refreshesGroups: row.flag(20),
                logoutRevokesSessions: row.flag(16)))
    }
}

extension StoredRow {
    /// The strings of a JSON array.
    fileprivate func strings(_ index: Int) throws -> [String] {
        try parsed(JSON.parse(Array(text(index).utf8)).strings)
    }
}
