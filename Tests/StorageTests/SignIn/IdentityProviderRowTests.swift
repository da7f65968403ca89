import JOSE
import OAuth
import StorageSupport
import TestSupport
import Testing

@testable import Storage

@Suite("Identity providers, their accounts and sign-ins under way", .onEachStore)
struct IdentityProviderRowTests {
    private let now = World.start + 10
    private let issuer: OpenIDIssuer
    private let corp: ProviderName

    init() throws {
        issuer = try OpenIDIssuer("https://id.example/")
        corp = try ProviderName("corp")
    }

    private func provider(_ settings: IdentityProviderSettings = .init()) throws -> IdentityProvider {
        IdentityProvider(
            issuer: issuer,
            registration: Provider(
                name: corp, owner: "", issuer: issuer.string, authorizationEndpoint: "https://id.example/a",
                tokenEndpoint: "https://id.example/t", clientID: "gatehouse", clientSecret: [1, 2],
                authMethod: .clientSecretPost, sendsIssuer: true, isTokenEndpointForeign: true, createdAt: now),
            keysURL: "https://keys.example/j", areKeysForeign: true,
            settings: settings)
    }

    private func world() async throws -> World {
        let world = try await World()
        let provider = try provider()
        #expect(try await world.store.write { try $0.identityProviders.insert(provider) })
        return world
    }

    private func identity(_ subject: String = "ada", of user: UserID, at time: Timestamp) -> UpstreamIdentity {
        UpstreamIdentity(
            issuer: issuer, subject: subject, userID: user, provider: corp, name: "Ada", email: nil, createdAt: time)
    }

    private func attempt(_ state: String, from browser: String = "browser", at time: Timestamp) -> SignInAttempt {
        SignInAttempt(
            state: .sha256(state), provider: corp, binding: .sha256(browser), browserLoginID: nil, proof: [9],
            createdAt: time)
    }

    private func login(_ world: World, _ cookie: String) -> BrowserLogin {
        BrowserLogin(
            digest: .sha256(cookie), userID: world.user.id, binding: .sha256("browser"),
            authentication: Authentication(
                time: now, context: .password, methods: [.federated], voucher: issuer), createdAt: now,
            lastSeenAt: now, expiresAt: now + 3_600)
    }

    @Test func `a provider reads back as it was written, and its name is taken`() async throws {
        let world = try await World()
        let provider = try provider(
            .init([
                "accounts": ["link"], "domains": ["ex.com", "ex.org"], "group_claim": ["roles"],
                "required_groups": ["Platform team", "\"quoted\""], "logout": ["sessions"], "scope": ["email"],
            ]))
        let corp = corp
        #expect(try await world.store.write { try $0.identityProviders.insert(provider) })
        #expect(try await world.store.read { try $0.identityProviders.find(corp) } == provider)
        #expect(try await world.store.read { try $0.identityProviders.list() } == [provider])
        #expect(try await world.store.read { try $0.identityProviders.names() } == [corp])
        #expect(try await !world.store.write { try $0.identityProviders.insert(provider) })
    }

    @Test func `a provider that comes, changes or goes outdates what was made from all, and a client does not`()
        async throws
    {
        let world = try await World()
        let (provider, corp, now) = (try provider(), corp, now)
        let first = world.store.identityProvidersVersion
        let rule = ClientRule(.client(world.client.id), .block, createdAt: now)
        try await world.store.write { try $0.clientRules.set(rule) }
        #expect(world.store.identityProvidersVersion == first)
        #expect(try await world.store.write { try $0.identityProviders.insert(provider) })
        let second = world.store.identityProvidersVersion
        #expect(second != first)
        try await world.store.write { try $0.identityProviders.replace(provider) }
        let changed = world.store.identityProvidersVersion
        #expect(changed != second)
        #expect(try await world.store.write { try $0.identityProviders.remove(corp, now: now) } == 0)
        let third = world.store.identityProvidersVersion
        #expect(third != changed)
        #expect(try await world.store.write { try $0.identityProviders.remove(corp, now: now) } == nil)
        #expect(world.store.identityProvidersVersion == third, "nothing was there to remove")
    }

    @Test func `the user of an account never changes, and its latest sign-in is recorded`() async throws {
        let world = try await world()
        let other = User(name: "Bea", createdAt: now)
        let (issuer, now) = (issuer, now)
        let (first, stolen) = (identity(of: world.user.id, at: now), identity(of: other.id, at: now + 5))
        let later = identity(of: world.user.id, at: now + 9)
        try await world.store.write { transaction in
            _ = try transaction.users.insert(other)
            #expect(try transaction.upstreamIdentities.record(first))
            #expect(try !transaction.upstreamIdentities.record(stolen))
            #expect(try transaction.upstreamIdentities.record(later))
        }
        let found = try #require(
            try await world.store.read { try $0.upstreamIdentities.find(issuer: issuer, subject: "ada") })
        #expect(found.userID == world.user.id && found.createdAt == now && found.usedAt == now + 9)
        let elsewhere = try OpenIDIssuer("https://id.example")
        #expect(try await world.store.read { try $0.upstreamIdentities.find(issuer: elsewhere, subject: "ada") } == nil)
        #expect(
            try await !world.store.write {
                try $0.upstreamIdentities.remove(issuer: issuer, subject: "ada", of: other.id)
            })
    }

    @Test func `an attempt is spent once, in its ten minutes`() async throws {
        let world = try await world()
        let (one, late, now) = (attempt("one", at: now), attempt("late", at: now), now)
        let kept = try await world.store.write { transaction in
            try [one, late].map { try transaction.signInAttempts.insert($0) }
        }
        #expect(kept == [true, true])
        #expect(try await world.store.read { try $0.signInAttempts.find(one.state) } == one)
        let store = world.store
        let spent = try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<8 {
                group.addTask { try await store.write { try $0.signInAttempts.spend(one.state, now: now + 1) } }
            }
            return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(spent == 1)
        #expect(try await !world.store.write { try $0.signInAttempts.spend(late.state, now: now + 600) })
        #expect(try await !world.store.write { try $0.signInAttempts.spend(late.state, now: now - 1) })
    }

    @Test func `a browser has five open attempts, and all browsers together have a limit`() async throws {
        let world = try await world()
        let attempts = (0..<7).map { attempt("\($0)", at: now + Int64($0)) }
        let (far, again) = (attempt("far", from: "other", at: now), attempt("again", from: "other", at: now))
        try await world.store.write { transaction in
            let kept = try attempts.filter { try transaction.signInAttempts.insert($0) }
            #expect(kept.count == attempts.count)
            #expect(try transaction.signInAttempts.count() == SignInAttempt.mostOpen)
            #expect(try transaction.signInAttempts.find(attempts[1].state) == nil)
            #expect(try transaction.signInAttempts.find(attempts[2].state) != nil)
            let fromFar = try transaction.signInAttempts.insert(far, atMost: 6)
            let fromHere = try transaction.signInAttempts.insert(again, atMost: 6)
            #expect(fromFar && !fromHere)
        }
        let deleted = try await world.store.write { [now] in try $0.housekeep(now: now + 5_000, limit: 100) }
        #expect(deleted == 6)
        #expect(try await world.store.read { try $0.signInAttempts.count() } == 0)
    }

    @Test func `a provider that is removed takes its attempts and its browser logins along, but no account`()
        async throws
    {
        let world = try await world()
        let (attempt, login, own) = (attempt("one", at: now), login(world, "upstream"), login(world, "own"))
        let (corp, issuer) = (corp, issuer)
        let identity = identity(of: world.user.id, at: now)
        let ended = try await world.store.write { transaction in
            _ = try transaction.signInAttempts.insert(attempt)
            _ = try transaction.upstreamIdentities.record(identity)
            try transaction.logins.insert(login)
            try transaction.logins.insert(own)
            try transaction.upstreamLogins.set(
                UpstreamLogin(provider: corp, issuer: issuer, subject: "ada", sessionID: nil), of: login.id)
            return try transaction.identityProviders.remove(corp, now: World.start)
        }
        #expect(ended == 1)
        #expect(try await world.store.read { try $0.signInAttempts.count() } == 0)
        let user = world.user.id
        let logins = try await world.store.read { try $0.logins.count(of: user) }
        let identities = try await world.store.read { try $0.upstreamIdentities.list(of: user) }
        #expect(logins == 1 && identities.count == 1)
        #expect(try await world.store.write { try $0.identityProviders.remove(corp, now: World.start) } == nil)
    }

    @Test func `browser logins end by subject, by session, or by both together`() async throws {
        let (issuer, corp) = (issuer, corp)
        for (subject, session, expected) in [
            ("ada", nil, 2), (nil, "s-1", 1), ("ada", "s-2", 1), ("bea", "s-1", 0), (nil, nil, 0),
        ] as [(String?, String?, Int)] {
            let world = try await world()
            let logins = [login(world, "1"), login(world, "2")]
            let ended = try await world.store.write { transaction in
                for (number, login) in logins.enumerated() {
                    try transaction.logins.insert(login)
                    try transaction.upstreamLogins.set(
                        UpstreamLogin(provider: corp, issuer: issuer, subject: "ada", sessionID: "s-\(number + 1)"),
                        of: login.id)
                }
                return try transaction.upstreamLogins.end(issuer: issuer, subject: subject, session: session)
            }
            #expect(ended == Array(repeating: world.user.id, count: expected))
            let found = try await world.store.read { try $0.upstreamLogins.find(logins[0].id) }
            let firstEnded = (subject == "ada" && session == nil) || (session == "s-1" && subject == nil)
            #expect((found == nil) == firstEnded)
        }
    }

    @Test func `a session at a provider is forgotten 30 days after its last sign-in, and with the last account there`()
        async throws
    {
        let world = try await world()
        let (issuer, user) = (issuer, world.user.id)
        func users(_ session: String) async throws -> [UserID] {
            try await world.store.read { try $0.upstreamSessions.users(of: session, at: issuer) }
        }
        try await world.store.write { transaction in
            for (session, time) in [("s-1", World.start), ("s-2", World.start + 5), ("s-1", World.start - 9)] {
                try transaction.upstreamSessions.remember(session, at: issuer, of: user, now: time)
            }
            _ = try transaction.housekeep(now: World.start + UpstreamSessions.kept, limit: 100)
        }
        #expect(try await users("s-1").isEmpty)
        #expect(try await users("s-3").isEmpty)
        #expect(try await users("s-2") == [user])
        try await world.store.write { transaction in
            for subject in ["ada", "ada-too"] {
                _ = try transaction.upstreamIdentities.record(
                    UpstreamIdentity(
                        issuer: issuer, subject: subject, userID: user, provider: try ProviderName("corp"), name: nil,
                        email: nil, createdAt: World.start))
            }
            _ = try transaction.upstreamIdentities.remove(issuer: issuer, subject: "ada", of: user)
        }
        #expect(try await users("s-2") == [user], "the session may be one of the other account")
        try await world.store.write { transaction in
            _ = try transaction.upstreamIdentities.remove(issuer: issuer, subject: "ada-too", of: user)
        }
        #expect(try await users("s-2").isEmpty)
    }
}
