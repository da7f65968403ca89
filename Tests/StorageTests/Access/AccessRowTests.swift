import OAuth
import StorageSupport
import TestSupport
import Testing

@testable import Storage

@Suite("Stored access rules", .onEachStore)
struct AccessRowTests {
    private func rule(_ world: World) async throws -> AccessRule {
        try await world.store.read { [user = world.user.id, id = world.resource.id] in
            try $0.access.rule(at: id, for: user)
        }
    }

    private func group(_ name: String, in world: World) async throws -> Group {
        let group = Group(name: name, createdAt: World.start)
        try await world.store.write { _ = try $0.groups.insert(group) }
        return group
    }

    private func set(_ settings: AccessSettings, in world: World) async throws {
        try await world.store.write { [id = world.resource.id] in try $0.access.set(settings, of: id) }
    }

    @Test func `an MCP server without a rule is open to everybody`() async throws {
        let world = try await World()
        #expect(try await rule(world) == AccessRule())
        let id = world.resource.id
        #expect(try await world.store.read { try $0.access.settings(of: id) } == AccessSettings())
        #expect(try await world.store.read { try $0.access.openToEverybody(limit: 5) } == ["Files"])
    }

    @Test func `a rule is read back as it was set, and setting it leaves the rest of the policy alone`() async throws {
        let world = try await World()
        let (id, eng, read) = (world.resource.id, try await group("eng", in: world), try Scope("files:read"))
        let policy = ResourcePolicy(
            elicitationKinds: [.confirm, .secret], externalHosts: ["pay.example"], endsConnections: true,
            sessions: SessionPolicy(longest: 600))
        try await world.store.write { try $0.resources.set(policy, of: id) }
        let settings = AccessSettings(
            list: AccessList(users: [world.user.id], groups: [eng.id]), scopes: [read: [eng.id]], groupAge: 3_600)
        try await set(settings, in: world)
        #expect(try await world.store.read { try $0.access.settings(of: id) } == settings)
        #expect(try await world.store.read { try $0.resources.policy(of: id) } == policy)
        try await world.store.write { try $0.resources.set(policy, of: id) }
        #expect(try await world.store.read { try $0.access.settings(of: id) } == settings)
        let rule = try await rule(world)
        #expect(rule.isRestricted && rule.listsUser && rule.memberships.isEmpty && rule.groupAge == 3_600)
        #expect(rule.restrictedScopes == [read: []])
        #expect(try await world.store.read { try $0.access.openToEverybody(limit: 5) } == [])
        try await set(AccessSettings(), in: world)
        #expect(try await self.rule(world) == AccessRule())
    }

    @Test func `a policy that begins with an access rule has the defaults of every other setting`() async throws {
        let world = try await World()
        try await set(AccessSettings(list: AccessList()), in: world)
        let policy = try await world.store.read { [id = world.resource.id] in try $0.resources.policy(of: id) }
        #expect(policy == ResourcePolicy())
    }

    @Test func `a rule whose last group is removed admits nobody`() async throws {
        let world = try await World()
        let (eng, read) = (try await group("eng", in: world), try Scope("files:read"))
        try await set(
            AccessSettings(list: AccessList(groups: [eng.id]), scopes: [read: [eng.id]]), in: world)
        try await world.store.write { [user = world.user.id] in _ = try $0.groups.add(user, to: eng.id) }
        #expect(try await rule(world).decision(at: World.start).isAllowed)
        #expect(try await rule(world).withheld(at: World.start).isEmpty)
        try await world.store.write { _ = try $0.groups.remove(eng.id) }
        #expect(try await rule(world).decision(at: World.start) == .notListed)
        #expect(try await rule(world).withheld(at: World.start) == [read])
        // A new group of the same name is another group.
        let again = try await group("eng", in: world)
        try await world.store.write { [user = world.user.id] in _ = try $0.groups.add(user, to: again.id) }
        #expect(try await rule(world).decision(at: World.start) == .notListed)
    }

    @Test func `a rule is one statement in which each part uses a key or an index`() async throws {
        let world = try await World()
        let plan = try await world.store.read { tx in
            try tx.all("EXPLAIN QUERY PLAN " + AccessRules.parts, "x", "y") { try $0.text(3) }
        }
        #expect(!plan.contains { $0.hasPrefix("SCAN") }, "\(plan)")
        #expect(plan.contains { $0.contains("SEARCH m USING PRIMARY KEY (user_id=?)") }, "\(plan)")
        let ofGroup = plan.filter { $0.hasPrefix("SEARCH a USING") && $0.contains("group_id=?") }
        #expect(ofGroup.count == 1 && ofGroup.allSatisfy { $0.contains("resource_id=?") }, "\(plan)")
    }

    @Test func `a session tells whether its MCP server has a rule`() async throws {
        let world = try await World()
        let session = try await world.active(world.session())
        #expect(try await world.grant(session.id)?.hasAccessRule == false)
        try await set(AccessSettings(scopes: [try Scope("files:read"): []]), in: world)
        #expect(try await world.grant(session.id)?.hasAccessRule == true)
        try await set(AccessSettings(groupAge: 60), in: world)
        #expect(try await world.grant(session.id)?.hasAccessRule == false)
        try await set(AccessSettings(list: AccessList()), in: world)
        #expect(try await world.grant(session.id)?.hasAccessRule == true)
    }
}

@Suite("Ends of the sessions of users outside of an access rule", .onEachStore)
struct AccessEndingTests {
    private let now = World.start + 10

    private func ended(_ world: World, _ list: AccessList) async throws -> Int {
        try await world.store.endSessions(
            SessionFilter(resource: world.resource.id, outside: list), .byAdmin(at: now, .accessLost)
        ).count
    }

    @Test func `a listed user and a member of a listed group keep their sessions`() async throws {
        let world = try await World()
        let group = Group(name: "eng", createdAt: World.start)
        try await world.store.write { _ = try $0.groups.insert(group) }
        _ = try await world.active(world.session())
        #expect(try await ended(world, AccessList(users: [world.user.id])) == 0)
        try await world.store.write { [user = world.user.id] in _ = try $0.groups.add(user, to: group.id) }
        #expect(try await ended(world, AccessList(groups: [group.id])) == 0)
        #expect(try await ended(world, AccessList(users: [.random()], groups: [.random()])) == 1)
    }

    @Test func `an ending that a crash interrupted goes on with the same list`() async throws {
        let world = try await World()
        let sessions = try (0..<300).map { _ in try world.session() }
        let spared = User(name: "Bo", createdAt: World.start)
        try await world.store.write { tx in
            try tx.users.insert(spared)
            for session in sessions { try tx.sessions.approve(session, code: world.code(of: session)) }
        }
        let filter = SessionFilter(resource: world.resource.id, outside: AccessList(users: [spared.id]))
        let begun = try await world.store.write { [now] in
            try $0.sessions.end(filter, .byAdmin(at: now, .accessLost))
        }
        #expect(begun.count == 250)
        #expect(try await world.store.finishEndings(now: now + 60) == 50)
    }

    @Test func `a session without a user is outside of no list`() async throws {
        let world = try await World()
        let service = Session(
            userID: nil, clientID: world.client.id, clientName: "Desk", resourceID: world.resource.id, scope: [],
            redirectURI: nil, binding: nil, createdAt: World.start, expiresAt: World.start + 100, idleSeconds: 100,
            authTime: World.start, refreshKeyID: "")
        try await world.store.write { try $0.serviceSessions.open(service) }
        #expect(try await ended(world, AccessList()) == 0)
    }
}
