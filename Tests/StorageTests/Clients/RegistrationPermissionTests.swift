import JOSE
import OAuth
import TestSupport
import Testing

@testable import Storage

@Suite("What administrators permit to clients that register themselves", .onEachStore)
struct RegistrationPermissionTests {
    private static let start = World.start

    @Test func `an allowed redirect or prefix admits until it is removed`() async throws {
        let world = try await World()
        let patterns = ["https://app.example/cb", "https://app.example/oauth/*", "acme-notes:/callback"]
        try await world.store.write { tx in
            for pattern in patterns {
                let permission = AllowedRedirect(try RedirectPattern(pattern), createdAt: Self.start)
                #expect(try tx.allowedRedirects.insert(permission))
                #expect(try !tx.allowedRedirects.insert(permission), "the second one changes nothing")
            }
        }
        func admits(_ redirect: String) async throws -> Bool {
            try await world.store.read { try $0.allowedRedirects.admits(RedirectURI(redirect)) }
        }
        for redirect in ["https://app.example/cb", "https://app.example/oauth/a/b", "ACME-notes:/callback"] {
            #expect(try await admits(redirect), "\(redirect)")
        }
        for redirect in [
            "https://app.example/cb/", "https://app.example/oauth/..%2fevil", "https://app.example:8443/cb",
            "acme-notes:/other", "http://localhost/cb", "https://other.example/cb",
        ] { #expect(try await !admits(redirect), "\(redirect)") }
        let listed = try await world.store.read { try $0.allowedRedirects.list(limit: 10).map(\.pattern.string) }
        #expect(listed == patterns.sorted())
        let removed = try await world.store.write { tx in
            try (0..<2).map { _ in try tx.allowedRedirects.remove("https://app.example/oauth/*") }
        }
        #expect(removed == [true, false])
        #expect(try await !admits("https://app.example/oauth/a/b"))
        #expect(try await admits("https://app.example/cb"))
    }

    @Test func `permissions are looked up by key`() async throws {
        let world = try await World()
        let plan = try await world.store.read { tx in
            try tx.all("EXPLAIN QUERY PLAN SELECT 1 FROM allowed_redirects WHERE pattern = 'x'") { try $0.text(3) }
                + tx.all(
                    """
                    EXPLAIN QUERY PLAN UPDATE invitations SET uses_left = uses_left - 1 WHERE digest = x'00' AND uses_left > 0
                    """
                ) { try $0.text(3) }
        }
        #expect(plan.allSatisfy { $0.hasPrefix("SEARCH") }, "\(plan)")
    }

    private func invitation(_ token: InitialAccessToken, uses: Int) -> Invitation {
        Invitation(
            digest: token.digest, uses: uses, createdBy: 1000, createdAt: Self.start, expiresAt: Self.start + 3600)
    }

    @Test func `an invitation is spent as often as it allows, and not after its end`() async throws {
        let world = try await World()
        let (token, other) = (InitialAccessToken.random(), InitialAccessToken.random())
        let invitation = invitation(token, uses: 2)
        try await world.store.write { try $0.invitations.insert(invitation) }
        func spend(_ token: InitialAccessToken, at now: Timestamp) async throws -> Bool {
            try await world.store.write { try $0.invitations.spend(token.digest, now: now) }
        }
        #expect(try await !spend(other, at: Self.start))
        #expect(try await !spend(token, at: Self.start + 3600), "an expired one")
        #expect(try await spend(token, at: Self.start + 10))
        #expect(try await spend(token, at: Self.start + 3599))
        #expect(try await !spend(token, at: Self.start + 20), "a third use")
        let stored = try await world.store.read { try $0.invitations.find(invitation.id) }
        #expect(stored?.usesLeft == 0 && stored?.uses == 2 && stored?.lastUsedAt == Self.start + 3599)
        #expect(stored?.createdBy == 1000)
    }

    @Test func `of many registrations at once an invitation admits exactly as many as it allows`() async throws {
        let world = try await World()
        let token = InitialAccessToken.random()
        let invitation = invitation(token, uses: 3)
        try await world.store.write { try $0.invitations.insert(invitation) }
        let admitted = try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<50 {
                group.addTask {
                    try await world.store.write { try $0.invitations.spend(token.digest, now: Self.start) }
                }
            }
            return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(admitted == 3)
    }

    @Test func `a revoked invitation admits nobody, and an expired one is deleted`() async throws {
        let world = try await World()
        let (revoked, expired) = (InitialAccessToken.random(), InitialAccessToken.random())
        let (first, second) = (invitation(revoked, uses: 5), invitation(expired, uses: 5))
        try await world.store.write { tx in
            try tx.invitations.insert(first)
            try tx.invitations.insert(second)
            #expect(try tx.invitations.remove(first.id))
            #expect(try !tx.invitations.remove(first.id))
            #expect(try !tx.invitations.spend(revoked.digest, now: Self.start))
        }
        _ = try await world.store.write { try $0.housekeep(now: Self.start + 3599, limit: 100) }
        #expect(try await world.store.read { try $0.invitations.list(limit: 10).map(\.id) } == [second.id])
        _ = try await world.store.write { try $0.housekeep(now: Self.start + 3600, limit: 100) }
        #expect(try await world.store.read { try $0.invitations.list(limit: 10) }.isEmpty)
    }
}
