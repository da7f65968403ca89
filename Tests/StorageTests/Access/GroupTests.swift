import OAuth
import TestSupport
import Testing

@testable import Storage

@Suite("Groups of users", .onEachStore)
struct GroupTests {
    private func corp() throws -> GroupSource { try GroupSource(provider: ProviderName("corp")) }
    private func other() throws -> GroupSource { try GroupSource(provider: ProviderName("other")) }

    private func names(_ world: World) async throws -> [String] {
        try await world.store.read { [id = world.user.id] in
            try $0.groups.memberships(of: id).map { "\($0.group.name) \($0.membership.source)" }
        }
    }

    @Test func `names are unique in any spelling, and a provider names one group by one value`() async throws {
        let world = try await World()
        let corp = try corp()
        let added = try await world.store.write { tx in
            [
                try tx.groups.insert(Group(name: "Eng", createdAt: World.start)),
                try tx.groups.insert(Group(name: "eng", createdAt: World.start)),
                try tx.groups.insert(Group(name: "ops", source: corp, claim: "7f3c", createdAt: World.start)),
                try tx.groups.insert(Group(name: "ops2", source: corp, claim: "7f3c", createdAt: World.start)),
            ]
        }
        #expect(added == [true, false, true, false])
        let found = try await world.store.read { try $0.groups.find(named: " ENG ") }
        #expect(found?.name == "Eng" && found?.source == .local && found?.claim == nil)
        let listed = try await world.store.read { try $0.groups.list(limit: 10) }
        #expect(listed.map(\.group.name) == ["Eng", "ops"])
        let behind = try await world.store.read { [id = listed[0].group.id] in try $0.groups.list(after: id, limit: 10)
        }
        #expect(behind.map(\.group.name) == ["ops"])
    }

    @Test func `a statement of a provider replaces its earlier one and touches no other source`() async throws {
        let world = try await World()
        let (user, corp, other) = (world.user.id, try corp(), try other())
        try await world.store.write { tx in
            let eng = Group(name: "eng", source: corp, claim: "Engineering", createdAt: World.start)
            let ops = Group(name: "ops", source: corp, claim: "Operations", createdAt: World.start)
            let guests = Group(name: "guests", source: other, claim: "Engineering", createdAt: World.start)
            for group in [eng, ops, guests] { try tx.groups.insert(group) }
            try tx.groups.add(user, to: eng.id)
            try tx.groups.replace(["Engineering", "Engineering", "unknown"], of: user, from: corp, now: World.start)
            try tx.groups.replace(["Engineering"], of: user, from: other, now: World.start)
        }
        #expect(try await names(world) == ["eng corp", "eng local", "guests other"])
        try await world.store.write {
            try $0.groups.replace(["Operations"], of: user, from: corp, now: World.start + 5)
        }
        #expect(try await names(world) == ["eng local", "guests other", "ops corp"])
        let learnt = try await world.store.read { try $0.groups.memberships(of: user).map(\.membership.learntAt) }
        #expect(learnt == [nil, World.start, World.start + 5])
        // An empty list is a statement as well: the user is in no group there.
        try await world.store.write { try $0.groups.replace([], of: user, from: corp, now: World.start + 6) }
        #expect(try await names(world) == ["eng local", "guests other"])
        try await world.store.write { try $0.groups.forget(other) }
        #expect(try await names(world) == ["eng local"])
    }

    @Test func `nobody can state local groups, and a provider fills no local group`() async throws {
        let world = try await World()
        let (user, corp) = (world.user.id, try corp())
        try await world.store.write { _ = try $0.groups.insert(Group(name: "eng", createdAt: World.start)) }
        await #expect(throws: (any Error).self) {
            try await world.store.write { try $0.groups.replace(["eng"], of: user, from: .local, now: World.start) }
        }
        try await world.store.write { try $0.groups.replace(["eng"], of: user, from: corp, now: World.start) }
        #expect(try await names(world) == [])
    }

    @Test func `an administrator takes back only what an administrator gave`() async throws {
        let world = try await World()
        let (user, corp) = (world.user.id, try corp())
        let group = Group(name: "eng", source: corp, claim: "eng", createdAt: World.start)
        let results = try await world.store.write { tx in
            try tx.groups.insert(group)
            try tx.groups.replace(["eng"], of: user, from: corp, now: World.start)
            return [
                try tx.groups.remove(user, from: group.id), try tx.groups.add(user, to: group.id),
                try tx.groups.add(user, to: group.id), try tx.groups.remove(user, from: group.id),
            ]
        }
        #expect(results == [false, true, false, true])
        #expect(try await names(world) == ["eng corp"])
    }

    @Test func `a group that is added again under the same name has no members`() async throws {
        let world = try await World()
        let user = world.user.id
        try await world.store.write { tx in
            for _ in 0..<2 {
                let group = Group(name: "eng", createdAt: World.start)
                try tx.groups.insert(group)
                #expect(try tx.groups.memberships(of: user).isEmpty)
                try tx.groups.add(user, to: group.id)
                try tx.groups.remove(group.id)
                #expect(try !tx.groups.remove(group.id))
            }
        }
        #expect(try await names(world) == [])
    }
}
