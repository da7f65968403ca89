import GRDB
import OAuth
import StorageSupport
import TestSupport
import Testing

@testable import Storage

@Suite("Migration: options of identity providers")
struct IdentityProviderOptionColumnTests {
    private static let before = "0042 upstream sessions"

    private static func provider(
        _ name: String, scope: String, contexts: String = "[]", accounts: String = "create", domains: String = "[]",
        claim: String = "NULL", groups: String = "[]", refreshes: Int = 0, revokes: Int = 0
    ) -> String {
        """
        INSERT INTO identity_providers (name, issuer, authorization_endpoint, token_endpoint, token_endpoint_is_foreign,
            keys_url, keys_are_foreign, client_id, client_secret, auth_method, sends_issuer, scope, contexts, accounts,
            domains, group_claim, required_groups, refreshes_groups, logout_revokes_sessions, created_at,
            end_session_endpoint)
        VALUES ('\(name)', 'https://id.example', 'https://id.example/a', 'https://id.example/t', 0,
            'https://keys.example/j', 1, 'gatehouse', x'0102', 'client_secret_post', 1, '\(scope)', '\(contexts)',
            '\(accounts)', '\(domains)', \(claim), '\(groups)', \(refreshes), \(revokes), 7, 'https://id.example/out')
        """
    }

    @Test func `every provider keeps its options, its secret and what points to it`() async throws {
        let folder = try TemporaryFolder()
        let queue = try DatabaseQueue(path: folder.database)
        try Schema.migrator().migrate(queue, upTo: Self.before)
        try await queue.write { db in
            try db.execute(sql: Self.provider("plain", scope: "openid profile email"))
            try db.execute(
                sql: Self.provider(
                    "rich", scope: "openid offline_access groups", contexts: #"["gold","silver"]"#,
                    accounts: "invited", domains: #"["ex.com","ex.org"]"#, claim: "'my \"roles\"'",
                    groups: #"["eng","o\"ps"]"#, refreshes: 1, revokes: 1))
            try db.execute(sql: "INSERT INTO home_domains (domain, provider) VALUES ('ex.com', 'rich')")
        }
        try queue.close()
        let store = try Store(path: folder.database)
        let found = try await store.read { try $0.identityProviders.list() }
        let (plain, rich) = (try #require(found.first), try #require(found.last))
        #expect(plain.scope == (try ScopeSet(parsing: "openid profile email")) && plain.groupClaim == nil)
        #expect(plain.settings.accounts == .create && plain.settings.domains.isEmpty && plain.contexts.isEmpty)
        #expect(!plain.settings.refreshesGroups && plain.settings.logout == .logins)
        #expect(rich.scope == (try ScopeSet(parsing: "openid offline_access groups")))
        #expect(rich.groupClaim == #"my "roles""# && rich.settings.requiredGroups == ["eng", #"o"ps"#])
        #expect(rich.settings.accounts == .invited && rich.settings.domains == ["ex.com", "ex.org"])
        #expect(rich.settings.refreshesGroups && rich.settings.logout == .sessions)
        #expect(rich.contexts.map(\.rawValue) == ["gold", "silver"])
        #expect(rich.registration.clientSecret == [1, 2] && rich.areKeysForeign && rich.registration.sendsIssuer)
        #expect(rich.endSessionEndpoint == "https://id.example/out")
        #expect(try await store.read { try $0.homeRealms.provider(of: "ex.com") } == rich.name)
        #expect(try await store.check() == [])
        try store.close()
    }

    @Test func `a stored option that does not parse makes its provider unreadable, not open to everybody`() async throws
    {
        let world = try await World()
        let store = world.store
        let provider = IdentityProvider(
            issuer: try OpenIDIssuer("https://id.example"),
            registration: Provider(
                name: try ProviderName("corp"), owner: "", issuer: "https://id.example",
                authorizationEndpoint: "https://id.example/a", tokenEndpoint: "https://id.example/t",
                clientID: "gatehouse", createdAt: World.start),
            keysURL: "https://id.example/j", areKeysForeign: false,
            settings: try IdentityProviderSettings(["domains": ["Ex.com"]]))
        #expect(provider.settings.domains == ["ex.com"])
        _ = try await store.write { try $0.identityProviders.insert(provider) }
        #expect(try await store.read { try $0.identityProviders.list() } == [provider])
        for options in [#"{"domains":["nonsense"]}"#, #"{"domains":"ex.com"}"#, #"{"unheard-of":["x"]}"#] {
            _ = try await store.write { try $0.execute("UPDATE identity_providers SET options = ?1", options) }
            await #expect(throws: (any Error).self, "\(options)") {
                _ = try await store.read { try $0.identityProviders.list() }
            }
        }
    }
}
