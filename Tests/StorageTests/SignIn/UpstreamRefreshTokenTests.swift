import JOSE
import OAuth
import StorageSupport
import TestSupport
import Testing

@testable import Storage

@Suite("Refresh tokens of accounts at identity providers", .onEachStore)
struct UpstreamRefreshTokenTests {
    private let now = World.start + 10
    private let issuer: OpenIDIssuer
    private let corp: ProviderName

    init() throws {
        issuer = try OpenIDIssuer("https://id.example/")
        corp = try ProviderName("corp")
    }

    private func token(_ bytes: [UInt8] = [1], at time: Timestamp) -> UpstreamRefreshToken {
        UpstreamRefreshToken(issuer: issuer, subject: "ada", provider: corp, token: bytes, createdAt: time)
    }

    /// A world with a provider that renews groups and an account of the first user, who has a live session.
    private func world(renewing: Bool = true) async throws -> World {
        let world = try await World()
        let provider = IdentityProvider(
            issuer: issuer,
            registration: Provider(
                name: corp, owner: "", issuer: issuer.string, authorizationEndpoint: "https://id.example/a",
                tokenEndpoint: "https://id.example/t", clientID: "gatehouse", authMethod: .privateKeyJWT, createdAt: now
            ),
            keysURL: "https://id.example/j", areKeysForeign: false, assertionAudience: .issuer,
            listedContexts: [AuthenticationContext(rawValue: "gold")],
            settings: try IdentityProviderSettings(["group_refresh": ["\(renewing)"]]))
        let identity = UpstreamIdentity(
            issuer: issuer, subject: "ada", userID: world.user.id, provider: corp, name: nil, email: nil, createdAt: now
        )
        _ = try await world.active(world.session())
        try await world.store.write { [token = token(at: now)] transaction in
            #expect(try transaction.identityProviders.insert(provider))
            #expect(try transaction.upstreamIdentities.record(identity))
            try transaction.upstreamRefreshTokens.set(token)
        }
        let stored = try await world.store.read { [corp] in try $0.identityProviders.find(corp) }
        #expect(stored == provider)
        return world
    }

    private func find(_ world: World) async throws -> UpstreamRefreshToken? {
        try await world.store.read { [issuer] in
            try $0.upstreamRefreshTokens.find(issuer: issuer, subject: "ada")
        }
    }

    private func take(_ world: World, at time: Timestamp) async throws -> [UpstreamRefreshToken] {
        let due = try await world.store.read { try $0.upstreamRefreshTokens.due(limit: 9, now: time) }
        return try await world.store.write { try $0.upstreamRefreshTokens.take(due, now: time) }
    }

    @Test func `of two rounds that found the same token one takes it, and a sign-in in between takes it from both`()
        async throws
    {
        let world = try await world()
        let time = now + 3_600
        let due = try await world.store.read { try $0.upstreamRefreshTokens.due(limit: 9, now: time) }
        let store = world.store
        let taken = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<6 {
                group.addTask { try await store.write { try $0.upstreamRefreshTokens.take(due, now: time) }.count }
            }
            return try await group.reduce(0, +)
        }
        #expect(due.count == 1 && taken == 1)
        let later = try await world.store.read { try $0.upstreamRefreshTokens.due(limit: 9, now: time + 3_600) }
        try await world.store.write { [next = token([2], at: time + 1)] in try $0.upstreamRefreshTokens.set(next) }
        #expect(try await world.store.write { try $0.upstreamRefreshTokens.take(later, now: time + 3_600) }.isEmpty)
        #expect(try await find(world)?.triedAt == time + 1)
    }

    @Test func `a token is taken once an hour, and only where the provider renews groups`() async throws {
        let world = try await world()
        #expect(try await take(world, at: now + 3_599).isEmpty)
        #expect(try await take(world, at: now + 3_600).map(\.triedAt) == [now + 3_600])
        #expect(try await take(world, at: now + 7_199).isEmpty)
        #expect(try await take(world, at: now + 7_200).count == 1)
        let other = try await self.world(renewing: false)
        #expect(try await take(other, at: now + 3_600).isEmpty)
    }

    @Test func `the account of the last sign-in speaks for the user, and no other one at that provider`() async throws {
        let world = try await world()
        let other = UpstreamIdentity(
            issuer: issuer, subject: "ada-admin", userID: world.user.id, provider: corp, name: nil, email: nil,
            createdAt: now + 5)
        let elsewhere = UpstreamIdentity(
            issuer: issuer, subject: "ada-home", userID: world.user.id, provider: try ProviderName("home"), name: nil,
            email: nil, createdAt: now + 5)
        try await world.store.write { _ = try $0.upstreamIdentities.record(elsewhere) }
        #expect(try await take(world, at: now + 3_600).count == 1)
        try await world.store.write { _ = try $0.upstreamIdentities.record(other) }
        #expect(try await take(world, at: now + 7_200).isEmpty)
    }

    @Test func `an answer to a request that a sign-in overtook changes nothing`() async throws {
        let world = try await world()
        let taken = try #require(try await take(world, at: now + 3_600).first)
        try await world.store.write { [next = token([2], at: now + 3_600)] in try $0.upstreamRefreshTokens.set(next) }
        let changes = try await world.store.write { transaction in
            [
                try transaction.upstreamRefreshTokens.isCurrent(taken),
                try transaction.upstreamRefreshTokens.replace(taken, with: [3]),
                try transaction.upstreamRefreshTokens.forget(taken),
            ]
        }
        #expect(changes == [false, false, false])
        #expect(try await find(world)?.token == [2])
    }

    @Test func `an answer to a request that a later request overtook changes nothing`() async throws {
        let world = try await world()
        let first = try #require(try await take(world, at: now + 3_600).first)
        let second = try #require(try await take(world, at: now + 7_200).first)
        let changes = try await world.store.write { transaction in
            [
                try transaction.upstreamRefreshTokens.replace(first, with: [3]),
                try transaction.upstreamRefreshTokens.replace(second, with: [4]),
            ]
        }
        #expect(changes == [false, true])
        #expect(try await find(world)?.token == [4])
    }

    @Test func `a user who is disabled in between leaves nothing to answer to`() async throws {
        let world = try await world()
        let taken = try #require(try await take(world, at: now + 3_600).first)
        try await world.store.write { [user = world.user.id, now] transaction in
            _ = try transaction.users.setDisabled(now, user)
            #expect(try !transaction.upstreamRefreshTokens.isCurrent(taken))
        }
        #expect(try await find(world) == nil)
    }

    @Test func `a statement reads back as it was written, and one that does not parse keeps nobody out`() async throws {
        let world = try await world()
        let statement = UpstreamClaims(
            name: "Ada", username: "ada.l", email: "ada@ex.com", isEmailVerified: true, groups: ["eng", "\"quoted\""],
            context: AuthenticationContext(rawValue: "gold"), methods: [.federated], authTime: now - 5)
        try await world.store.write { [issuer] in
            try $0.upstreamIdentities.set(statement, issuer: issuer, subject: "ada")
        }
        let found = try await world.store.read { [issuer] in
            try $0.upstreamIdentities.find(issuer: issuer, subject: "ada")
        }
        #expect(found?.statement == statement)
        _ = try await world.store.write { try $0.execute("UPDATE upstream_identities SET statement = '{'") }
        let damaged = try await world.store.read { [issuer] in
            try $0.upstreamIdentities.find(issuer: issuer, subject: "ada")
        }
        #expect(damaged != nil && damaged?.statement == nil)
    }
}
