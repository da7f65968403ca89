import JOSE
import OAuth
import StorageSupport
import TestSupport
import Testing

@testable import Storage

@Suite("Renamed and deleted accounts", .onEachStore)
struct UserDeletionTests {
    private let start = World.start

    @Test func `a name that another account has in any spelling is refused, and one's own spelling is not`()
        async throws
    {
        let world = try await World()
        let bob = User(name: "Bob", createdAt: start)
        let (taken, respelled) = try await world.store.write { tx in
            try tx.users.insert(bob)
            return (
                try tx.users.rename(world.user.id, to: " BOB "), try tx.users.rename(bob.id, to: "bob")
            )
        }
        #expect(!taken && respelled)
        let (name, found) = try await world.store.read { tx in
            (try tx.users.find(id: world.user.id)?.name, try tx.users.find(named: "BOB")?.name)
        }
        #expect(name == world.user.name && found == "bob")
    }

    @Test func `a deleted account keeps its row without a name, and its name is free`() async throws {
        let world = try await World()
        let user = world.user
        let login = BrowserLogin(
            id: .random(), digest: .sha256("c"), userID: user.id, binding: .sha256("b"),
            authentication: .password(at: start), createdAt: start, lastSeenAt: start, expiresAt: start + 43_200)
        try await world.store.write { tx in
            try tx.users.setEmail("ada@example.org", of: user.id)
            try tx.credentials.setPassword("hash", of: user.id, now: start)
            try tx.logins.insert(login)
            let group = Group(name: "staff", createdAt: start)
            _ = try tx.groups.insert(group)
            _ = try tx.groups.add(user.id, to: group.id)
            let first = try tx.userDeletions.delete(user.id, now: start)
            let second = try tx.userDeletions.delete(user.id, now: start + 9)
            #expect(first && !second)
        }
        let (row, deletedAt, named) = try await world.store.read { tx in
            (
                try tx.users.find(subject: user.subject), try tx.userDeletions.time(of: user.id),
                try [user.name, UserDeletions.name].compactMap { try tx.users.find(named: $0) }
            )
        }
        #expect(row?.id == user.id && row?.name == UserDeletions.name && row?.email == nil)
        #expect(row?.disabledAt == start && deletedAt == start && named.isEmpty)
        let (listed, password, logins, groups) = try await world.store.read { tx in
            (
                try tx.users.list().map(\.id), try tx.credentials.find(.password, of: user.id),
                try tx.logins.count(of: user.id), try tx.groups.memberships(of: user.id).count
            )
        }
        #expect(!listed.contains(user.id) && password == nil && logins == 0 && groups == 0)
        let heir = User(name: user.name, createdAt: start)
        let again = User(id: .random(), subject: user.subject, name: "other", createdAt: start)
        #expect(try await world.store.write { try $0.users.insert(heir) })
        await #expect(throws: StoreError.self) { try await world.store.write { _ = try $0.users.insert(again) } }
    }
}
