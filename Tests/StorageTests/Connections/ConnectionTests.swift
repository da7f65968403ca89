import JOSE
import OAuth
import StorageSupport
import TestSupport
import Testing

@testable import Storage

@Suite("Connections: default deny, one live one, spent once", .onEachStore)
struct ConnectionTests {
    private let now = World.start + 10
    private let hub: ProviderName

    init() throws { hub = try ProviderName("hub") }

    private func provider(_ name: String = "hub", owner: String = "Ops") throws -> Provider {
        try Provider(
            name: ProviderName(name), owner: owner, issuer: "https://\(name).example",
            authorizationEndpoint: "https://\(name).example/authorize", tokenEndpoint: "https://\(name).example/token",
            revocationEndpoint: nil, clientID: "gatehouse", clientSecret: [1, 2, 3], authMethod: .clientSecretBasic,
            sendsIssuer: true, createdAt: now)
    }

    private func connection(_ world: World, at time: Timestamp, provider: ProviderName? = nil) throws -> Connection {
        Connection(
            id: .random(), userID: world.user.id, resourceID: world.resource.id, provider: provider ?? hub,
            asked: try ScopeSet(parsing: "repo user"), scope: try ScopeSet(parsing: "repo"), tokens: [7, 7, 7],
            createdAt: time)
    }

    private func world() async throws -> World {
        let world = try await World()
        let provider = try provider()
        try await world.store.write { _ = try $0.providers.insert(provider) }
        return world
    }

    @Test func `a provider reads back as it was written, its name is taken, and it has no rule by itself`()
        async throws
    {
        let world = try await world()
        let (provider, hub) = (try provider(), hub)
        #expect(try await world.store.read { try $0.providers.find(hub) } == provider)
        #expect(try await !world.store.write { try $0.providers.insert(provider) })
        #expect(try await world.store.read { try $0.providers.rule(provider: hub, resource: world.resource.id) } == nil)
    }

    @Test func `a rule replaces the earlier one, and is removed once`() async throws {
        let (world, hub, now) = (try await world(), hub, now)
        for scope in ["repo", "user repo"] {
            let rule = ProviderRule(
                provider: hub, resourceID: world.resource.id, scope: try ScopeSet(parsing: scope), createdAt: now)
            try await world.store.write { try $0.providers.set(rule) }
        }
        let rule = try await world.store.read { try $0.providers.rule(provider: hub, resource: world.resource.id) }
        #expect(rule?.scope.string == "user repo")
        #expect(try await world.store.read { try $0.providers.rules() }.count == 1)
        #expect(try await world.store.write { try $0.providers.removeRule(provider: hub, resource: world.resource.id) })
        #expect(
            try await !world.store.write { try $0.providers.removeRule(provider: hub, resource: world.resource.id) })
    }

    @Test func `connecting again replaces the live connection and erases its tokens`() async throws {
        let (world, hub, now) = (try await world(), hub, now)
        let (first, second) = (try connection(world, at: now), try connection(world, at: now + 5))
        try await world.store.write { try $0.connections.connect(first) }
        #expect(try await world.store.read { try $0.connections.find(first.id) } == first)
        try await world.store.write { try $0.connections.connect(second) }
        let live = try await world.store.read {
            try $0.connections.find(user: world.user.id, resource: world.resource.id, provider: hub)
        }
        #expect(live == second)
        let old = try await world.store.read { try $0.connections.find(first.id) }
        #expect(old?.tokens == nil && old?.endReason == .replaced && old?.endedAt == now + 5)
        // What a refresh of the old one brings comes too late.
        let kept = try await world.store.write {
            try $0.connections.refresh(first.id, tokens: [9], scope: first.scope, now: now + 6)
        }
        #expect(!kept)
        #expect(try await world.store.read { try $0.connections.find(first.id) }?.tokens == nil)
    }

    @Test func `a refresh replaces tokens and scope of a live connection`() async throws {
        let (world, now) = (try await world(), now)
        let made = try connection(world, at: now)
        try await world.store.write { tx in
            try tx.connections.connect(made)
            #expect(try tx.connections.refresh(made.id, tokens: [9], scope: [], now: now + 6))
        }
        let kept = try await world.store.read { try $0.connections.find(made.id) }
        #expect(kept?.tokens == [9] && kept?.scope.isEmpty == true && kept?.refreshedAt == now + 6)
    }

    @Test func `the removal of a provider or an MCP server ends its connections, rules and attempts`() async throws {
        for isProvider in [true, false] {
            let (world, hub, now) = (try await world(), hub, now)
            let made = try connection(world, at: now)
            let rule = ProviderRule(
                provider: hub, resourceID: world.resource.id, scope: made.asked, createdAt: now)
            let (attempt, _) = try await attempt(world)
            try await world.store.write { tx in
                try tx.connections.connect(made)
                try tx.providers.set(rule)
                _ =
                    isProvider
                    ? try tx.providers.remove(provider: hub, now: now + 1)?.count
                    : try tx.resources.remove(resource: world.resource.id, .byAdmin(at: now + 1, .resourceRemoved))?
                        .count
            }
            let (ended, rules, way) = try await world.store.read { tx in
                (
                    try tx.connections.find(made.id), try tx.providers.rules(),
                    try tx.connectionAttempts.find(attempt.state)
                )
            }
            #expect(ended?.endReason == (isProvider ? .providerRemoved : .resourceRemoved) && ended?.tokens == nil)
            #expect(rules.isEmpty)
            #expect((way == nil) == isProvider)
        }
    }

    // MARK: - Attempts

    private func attempt(
        _ world: World, state: String = "s", of elicitation: ElicitationID? = nil, at time: Timestamp? = nil
    ) async throws -> (ConnectionAttempt, BrowserLogin) {
        let (now, hub) = (time ?? now, hub)
        let session = try await world.active(try world.session())
        let login = BrowserLogin(
            id: .random(), digest: .sha256("login \(state)"), userID: world.user.id, binding: .sha256("browser"),
            authentication: .password(at: World.start), createdAt: World.start, lastSeenAt: World.start,
            expiresAt: World.start + 40_000)
        let asked = Elicitation(
            resourceID: world.resource.id, userID: world.user.id, subject: world.user.subject,
            clientID: world.client.id, sessionID: session.id, message: "May I?",
            ask: try ConnectAccountRequest(json: ["provider": "hub"]), digest: .sha256(state), createdAt: now,
            expiresAt: now + 900
        )
        let attempt = ConnectionAttempt(
            state: .sha256(state), elicitationID: elicitation ?? asked.id, userID: world.user.id,
            browserLoginID: login.id, binding: login.binding, provider: hub, asked: try ScopeSet(parsing: "repo"),
            proof: [5], createdAt: now)
        try await world.store.write { tx in
            try tx.logins.insert(login)
            if elicitation == nil { try tx.elicitations.insert(asked) }
            try tx.connectionAttempts.insert(attempt)
        }
        return (attempt, login)
    }

    @Test func `an attempt reads back as it was written, and is spent once, in time`() async throws {
        let (world, now) = (try await world(), now)
        let (attempt, _) = try await attempt(world)
        #expect(try await world.store.read { try $0.connectionAttempts.find(attempt.state) } == attempt)
        #expect(try await world.store.read { try $0.connectionAttempts.find(.sha256("other")) } == nil)
        let late = now + ConnectionAttempt.lifetime
        let spent = try await world.store.write { tx in
            [
                try tx.connectionAttempts.spend(attempt: attempt.state, now: late),
                try tx.connectionAttempts.spend(attempt: .sha256("other"), now: now),
                try tx.connectionAttempts.spend(attempt: attempt.state, now: late - 1),
                try tx.connectionAttempts.spend(attempt: attempt.state, now: late - 1),
            ]
        }
        #expect(spent == [false, false, true, false])
    }

    @Test func `signing out deletes the attempt`() async throws {
        let world = try await world()
        let (attempt, login) = try await attempt(world)
        _ = try await world.store.write { try $0.logins.end(login.id) }
        #expect(try await world.store.read { try $0.connectionAttempts.find(attempt.state) } == nil)
    }

    @Test func `the latest few attempts of an elicitation are kept, and old ones are deleted`() async throws {
        let (world, now) = (try await world(), now)
        let (first, _) = try await attempt(world)
        for index in 1...ConnectionAttempt.mostOpen {
            _ = try await attempt(world, state: "s\(index)", of: first.elicitationID, at: now + Int64(index))
        }
        #expect(try await world.store.read { try $0.connectionAttempts.find(first.state) } == nil)
        #expect(try await world.store.read { try $0.connectionAttempts.find(.sha256("s1")) } != nil)
        _ = try await world.store.write { try $0.housekeep(now: now + 3000, limit: 100) }
        #expect(try await world.store.read { try $0.connectionAttempts.find(.sha256("s1")) } != nil)
        _ = try await world.store.write { try $0.housekeep(now: now + 5000, limit: 100) }
        #expect(try await world.store.read { try $0.connectionAttempts.find(.sha256("s1")) } == nil)
    }
}
