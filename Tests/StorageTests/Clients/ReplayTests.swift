import JOSE
import OAuth
import TestSupport
import Testing

@testable import Storage

@Suite("The memory of one-time tokens", .onEachStore)
struct ReplayTests {
    private static let desk = ReplayShare.own(of: "desk", for: "test")
    private let start = World.start

    private func spend(
        _ world: World, _ token: String, lasting seconds: Int64 = 60, in share: ReplayShare = Self.desk,
        atMost limit: Int = 100
    ) async throws -> Bool {
        let digest = Replays.digest(purpose: "test", party: "desk", token: token)
        return try await world.store.write {
            try $0.replays.spend(digest, until: start + seconds, in: share.limited(to: limit))
        }
    }

    @Test func `a token is spent once, also after a restart`() async throws {
        let world = try await World()
        #expect(try await spend(world, "a"))
        #expect(try await !spend(world, "a"))
        #expect(try await spend(world, "b"))
        try world.store.close()
        let later = try world.reopened()
        let digest = Replays.digest(purpose: "test", party: "desk", token: "a")
        #expect(try await !later.write { try $0.replays.spend(digest, until: start + 60, in: Self.desk) })
    }

    @Test func `of fifty simultaneous uses one succeeds`() async throws {
        let world = try await World()
        let successes = try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<50 { group.addTask { try await spend(world, "a") } }
            return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(successes == 1)
        #expect(try await world.store.read { try $0.replays.count() } == 1)
    }

    @Test func `a full share refuses further tokens and forgets none`() async throws {
        let world = try await World()
        for token in ["a", "b", "c"] { #expect(try await spend(world, token, atMost: 3)) }
        await #expect(throws: ReplayMemoryFull.self) { try await spend(world, "d", atMost: 3) }
        #expect(try await !spend(world, "a", atMost: 3), "a replay is still recognised")
        #expect(try await world.store.read { try $0.replays.count() } == 3)
    }

    @Test func `a full share keeps nobody out of the others, and a token counts once whatever the share`() async throws
    {
        let world = try await World()
        let strangers = ReplayShare.strangers(for: "test")
        for token in ["a", "b"] { #expect(try await spend(world, token, in: strangers, atMost: 2)) }
        await #expect(throws: ReplayMemoryFull.self) { try await spend(world, "c", in: strangers, atMost: 2) }
        #expect(try await spend(world, "c", atMost: 2))
        #expect(try await !spend(world, "a", atMost: 2), "its sender was a stranger a moment ago")
        for (number, other) in [
            ReplayShare.own(of: "other", for: "test"), .own(of: "desk", for: "another"), .strangers(for: "another"),
        ].enumerated() {
            #expect(try await spend(world, "other \(number)", in: other, atMost: 1))
        }
        #expect(try await world.store.read { try $0.replays.count() } == 6)
        #expect(ReplayShare.strangers(for: "test").limit * 10 <= Self.desk.limit)
    }

    @Test func `a token is remembered for longer than it is accepted, and then forgotten in steps`() async throws {
        let world = try await World()
        for index in 0..<5 { #expect(try await spend(world, "\(index)", lasting: 60)) }
        #expect(try await world.store.write { try $0.housekeep(now: start + 60 + Replays.margin - 1, limit: 2) } == 0)
        #expect(try await !spend(world, "0"))
        var steps: [Int] = []
        repeat {
            steps.append(try await world.store.write { try $0.housekeep(now: start + 60 + Replays.margin, limit: 2) })
        } while steps.last != 0
        #expect(steps == [2, 2, 1, 0])
        #expect(try await world.store.read { try $0.replays.count() } == 0)
        #expect(try await spend(world, "x", atMost: 1), "the places of forgotten tokens are free")
    }

    @Test func `purpose, party and token do not run into one another`() {
        let names = [
            Replays.digest(purpose: "a", party: "b", token: "c"), Replays.digest(purpose: "ab", party: "", token: "c"),
            Replays.digest(purpose: "a", party: "bc", token: ""),
            Replays.digest(purpose: "a", party: "b1:c", token: ""),
            Replays.digest(purpose: "a", party: "c", token: "b"),
        ]
        #expect(Set(names).count == names.count)
    }
}
