import JOSE
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

@testable import AuthorizationServer

@Suite("Administration of users")
struct UserAdministrationTests {
    @Test(arguments: [false, true])
    func `a new password revokes only the user's own sessions, and only on request`(ends: Bool)
        async throws
    {
        try await Harness.run { h in
            _ = try await h.tokens()
            _ = try await h.addUser("bob")
            let bob = h.browser()
            _ = try await h.signIn(bob, at: h.authorize(bob, h.request()), as: "bob")
            _ = try await h.tokens(bob)
            let administration = Administration(store: h.gatehouse.store, keys: h.gatehouse.keys, clock: h.clock.wall)
            let hash = PasswordHash.make(Secret("another good one"), cost: .cheapForTests).string
            let answer = try await administration.run(
                .users(.setPassword(name: "ada", passwordHash: hash, endSessions: ends)),
                by: Administrator(uid: 1000, claimed: nil))
            let live = try await h.sessions().filter { $0.state(at: h.clock.now) == .active }
            #expect(live.contains { $0.userID == h.user.id } == !ends)
            #expect(live.contains { $0.userID != h.user.id })
            #expect(answer.note?.contains(ends ? "1 session" : "--revoke-sessions") == true)
            #expect(try await h.records(.passwordChanged).count == 1)
            #expect(try await h.records(.sessionEnded).count == (ends ? 1 : 0))
        }
    }
}
