import JOSE
import OAuth
import TestSupport
import Testing

@testable import Storage

@Suite("One-time links of accounts", .onEachStore)
struct AccountLinkRowTests {
    private static let start = World.start

    private func link(_ world: World, _ name: String, at time: Timestamp = start) -> AccountLink {
        AccountLink(digest: .sha256(name), userID: world.user.id, purpose: .reset, createdAt: time)
    }

    @Test func `a link is spent once, and not after its end`() async throws {
        let world = try await World()
        try await world.store.write { [link = link(world, "a")] in try $0.accountLinks.issue(link) }
        func spend(_ name: String, after seconds: Int64) async throws -> Bool {
            try await world.store.write { try $0.accountLinks.spend(.sha256(name), now: Self.start + seconds) }
        }
        #expect(try await !spend("unknown", after: 1))
        #expect(try await !spend("a", after: 86_400), "an expired one")
        #expect(try await spend("a", after: 86_399))
        #expect(try await !spend("a", after: 86_399), "a used one")
        let found = try await world.store.read { try $0.accountLinks.find(.sha256("a")) }
        #expect(found?.link.usedAt == Self.start + 86_399 && found?.user == world.user)
    }

    @Test func `of many uses at once one succeeds`() async throws {
        let world = try await World()
        try await world.store.write { [link = link(world, "a")] in try $0.accountLinks.issue(link) }
        let spent = try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<50 {
                group.addTask {
                    try await world.store.write { try $0.accountLinks.spend(.sha256("a"), now: Self.start) }
                }
            }
            return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(spent == 1)
    }

    @Test func `a later link voids the earlier one, and an account has one open link`() async throws {
        let world = try await World()
        let (first, second) = (link(world, "a"), link(world, "b", at: Self.start + 5))
        try await world.store.write { tx in
            try tx.accountLinks.issue(first)
            try tx.accountLinks.issue(second)
            #expect(try !tx.accountLinks.spend(first.digest, now: Self.start + 6))
            #expect(try tx.accountLinks.find(first.digest)?.link.voidedAt == Self.start + 5)
            #expect(try tx.accountLinks.unused(of: world.user.id) == second)
            #expect(throws: (any Error).self) {
                try tx.execute("UPDATE account_links SET voided_at = NULL WHERE digest = ?1", first.digest.stored)
            }
        }
    }

    @Test func `a link keeps who has to take it, and dies with its identity provider`() async throws {
        let world = try await World()
        let taker = AccountLink.Taker(provider: try ProviderName("corp"), email: "ada@example.org")
        let link = AccountLink(
            digest: .sha256("a"), userID: world.user.id, purpose: .invitation, taker: taker, createdAt: Self.start)
        try await world.store.write { tx in
            try tx.accountLinks.issue(link)
            #expect(try tx.accountLinks.find(link.digest)?.link == link)
            try tx.accountLinks.voidAll(at: try ProviderName("lab"), now: Self.start + 1)
            #expect(try tx.accountLinks.unused(of: world.user.id) == link)
            try tx.accountLinks.voidAll(at: taker.provider, now: Self.start + 2)
            #expect(try tx.accountLinks.find(link.digest)?.link.voidedAt == Self.start + 2)
            #expect(try !tx.accountLinks.spend(link.digest, now: Self.start + 3))
        }
    }

    @Test func `disabling an account voids its link for good`() async throws {
        let world = try await World()
        let link = link(world, "a")
        try await world.store.write { tx in
            try tx.accountLinks.issue(link)
            try tx.users.setDisabled(Self.start + 1, world.user.id)
            #expect(try !tx.accountLinks.spend(link.digest, now: Self.start + 2))
            try tx.users.setDisabled(nil, world.user.id)
            #expect(try !tx.accountLinks.spend(link.digest, now: Self.start + 3))
            #expect(try tx.accountLinks.unused(of: world.user.id) == nil)
        }
    }

    @Test func `an ended link is deleted 30 days after its expiry, and an open one stays`() async throws {
        let world = try await World()
        let other = User(name: "Eva", createdAt: Self.start)
        let (used, open) = (
            link(world, "a"),
            AccountLink(digest: .sha256("b"), userID: other.id, purpose: .invitation, createdAt: Self.start)
        )
        try await world.store.write { tx in
            _ = try tx.users.insert(other)
            try tx.accountLinks.issue(used)
            try tx.accountLinks.issue(open)
            #expect(try tx.accountLinks.spend(used.digest, now: Self.start))
        }
        func left(after seconds: Int64) async throws -> [Bool] {
            try await world.store.write { tx in
                _ = try tx.housekeep(now: Self.start + seconds, limit: 100)
                return try [used, open].map { try tx.accountLinks.find($0.digest) != nil }
            }
        }
        #expect(try await left(after: 31 * 86_400 - 1) == [true, true])
        #expect(try await left(after: 31 * 86_400) == [false, true])
    }

    @Test func `links are looked up by key`() async throws {
        let world = try await World()
        let plan = try await world.store.read { tx in
            try [
                "UPDATE account_links SET used_at = 1 WHERE digest = x'00' AND used_at IS NULL",
                "SELECT 1 FROM account_links WHERE user_id = 'x' AND used_at IS NULL AND voided_at IS NULL",
            ].flatMap { try tx.all("EXPLAIN QUERY PLAN \($0)") { try $0.text(3) } }
        }
        #expect(plan.allSatisfy { $0.hasPrefix("SEARCH") }, "\(plan)")
    }
}
