import JOSE
import OAuth
import TestSupport
import Testing

@testable import Storage

@Suite("A second sign-in in one browser", .onEachStore)
struct LoginTests {
    private let start = World.start

    private func login(
        _ world: World, cookie: String, user: UserID? = nil, browser: String = "browser", at time: Timestamp
    ) -> BrowserLogin {
        BrowserLogin(
            id: .random(), digest: .sha256(cookie), userID: user ?? world.user.id, binding: .sha256(browser),
            authentication: .password(at: time), createdAt: time, lastSeenAt: time, expiresAt: time + 43_200)
    }

    private func waiting(in login: BrowserLogin) -> Interaction {
        Interaction(
            userID: login.userID, browserLoginID: login.id, request: "{}", createdAt: start, expiresAt: start + 600)
    }

    @Test func `the same user in the same browser gets a new cookie and a new end, and waiting requests go on`()
        async throws
    {
        let world = try await World()
        let first = login(world, cookie: "one", at: start)
        let second = login(world, cookie: "two", at: start + 1_000)
        let interaction = waiting(in: first)
        let entered = try await world.store.write { tx in
            _ = try tx.logins.enter(first, inPlaceOf: nil)
            try tx.interactions.open(interaction)
            return try tx.logins.enter(second, inPlaceOf: first.digest)
        }
        #expect(entered.id == first.id && entered.authTime == start + 1_000)
        func found(_ login: BrowserLogin) async throws -> BrowserLogin? {
            try await world.store.read { [start] in
                try $0.logins.find(digest: login.digest, now: start + 1_000)?.login
            }
        }
        #expect(try await found(first) == nil, "the old cookie is worthless")
        let live = try await found(second)
        #expect(live?.authTime == start + 1_000 && live?.expiresAt == start + 44_200)
        #expect(try await world.store.read { try $0.interactions.find(interaction.id) } == interaction)
        #expect(try await world.store.read { try $0.logins.count(of: world.user.id) } == 1)
    }

    @Test(arguments: ["another person", "another browser", "a login that is over", "a cookie of nobody"])
    func `a login of another user, in another browser or after its end is not continued`(what: String) async throws {
        let world = try await World()
        let bob = User(name: "Bob", createdAt: start)
        let first = login(world, cookie: "one", at: start)
        let interaction = waiting(in: first)
        let late: Int64 = what == "a login that is over" ? 43_200 : 10
        let second = login(
            world, cookie: "two", user: what == "another person" ? bob.id : nil,
            browser: what == "another browser" ? "other" : "browser", at: start + late)
        let presented = what == "a cookie of nobody" ? Digest.sha256("nobody") : first.digest
        let entered = try await world.store.write { tx in
            _ = try tx.users.insert(bob)
            _ = try tx.logins.enter(first, inPlaceOf: nil)
            try tx.interactions.open(interaction)
            return try tx.logins.enter(second, inPlaceOf: presented)
        }
        #expect(entered == second)
        let isKept = what == "a cookie of nobody"
        #expect(try await world.store.read { try $0.interactions.find(interaction.id) != nil } == isKept)
    }

    @Test func `an amendment is stored with a waiting request and with no other`() async throws {
        let world = try await World()
        let first = login(world, cookie: "one", at: start)
        let interaction = waiting(in: first)
        try await world.store.write { tx in
            _ = try tx.logins.enter(first, inPlaceOf: nil)
            try tx.interactions.open(interaction)
        }
        func amend(_ request: String, until end: Int64, at now: Int64) async throws -> Bool {
            try await world.store.write { [start] in
                try $0.interactions.amend(interaction.id, request: request, until: start + end, now: start + now)
            }
        }
        func kept() async throws -> Interaction? {
            try await world.store.read { try $0.interactions.find(interaction.id) }
        }
        #expect(try await amend("{1}", until: 900, at: 300))
        #expect(try await kept()?.request == "{1}")
        #expect(try await kept()?.expiresAt == start + 900)
        #expect(try await amend("{2}", until: 800, at: 301))
        #expect(try await kept()?.expiresAt == start + 900, "never sooner")
        #expect(try await !amend("{3}", until: 2_000, at: 900))
        let isFinished = try await world.store.write { [start] tx in
            try tx.interactions.finish(interaction.id, as: .denied, now: start + 400)
        }
        #expect(isFinished)
        #expect(try await !amend("{4}", until: 2_000, at: 401))
        #expect(try await kept()?.request == "{2}")
    }
}
