import JOSE
import OAuth
import Testing

@testable import Storage

@Suite("The rows of one user", .onEachStore)
struct AccountRowsTests {
    private let start = World.start

    /// How SQLite goes about a query.
    private func plan(_ world: World, _ sql: String, _ count: Int) async throws -> String {
        try await world.store.plan(of: sql, values: count).joined(separator: "; ")
    }

    @Test func `each list of a user is read along an index of its own`()
        async throws
    {
        let world = try await World()
        let sessions = try await plan(world, Sessions.liveOfUser, 5)
        #expect(sessions == "SEARCH sessions USING INDEX live_sessions_by_user (user_id=? AND (created_at,id)<(?,?))")
        let past = try await plan(world, Elicitations.pastOfUser, 5)
        #expect(past == "SEARCH elicitations USING INDEX elicitations_by_user (user_id=? AND (created_at,id)<(?,?))")
        let open = try await plan(world, Elicitations.openOfUser, 3)
        #expect(open == "SEARCH elicitations USING INDEX open_elicitations_by_user (user_id=? AND expires_at>?)")
        let connections = try await plan(world, Connections.liveConnectionsOfUser, 2)
        #expect(connections.hasPrefix("SEARCH connections USING INDEX live_connections (user_id=?)"))
    }

    @Test func `the live sessions of a user come newest first, in pages, without ended ones and without other users'`()
        async throws
    {
        let world = try await World()
        let other = User(name: "Bob", createdAt: start)
        try await world.store.write { _ = try $0.users.insert(other) }
        var made: [SessionID] = []
        for index in 0..<5 { made.append(try await world.active(world.session(from: start + Int64(index / 2))).id) }
        let unused = try await world.active(world.session(idle: 10))
        let short = try await world.active(world.session(lasting: 10))
        let ended = try await world.active(world.session())
        _ = try await world.store.write {
            try $0.sessions.end(
                ended.id, SessionEnding(reason: .revokedByPerson, initiator: .user, actor: .system, at: start))
        }
        func piece(of user: UserID, after cursor: SessionCursor?, at now: Timestamp) async throws -> [Session] {
            try await world.store.read { try $0.sessions.live(of: user, after: cursor, limit: 2, now: now) }
        }
        var seen: [Session] = []
        var last: Session?
        repeat {
            let next = try await piece(of: world.user.id, after: last.map { SessionCursor(after: $0) }, at: start + 10)
            seen += next
            last = next.last
        } while last != nil
        #expect(Set(seen.map(\.id)) == Set(made) && seen.count == 5)
        #expect(seen.map(\.createdAt) == seen.map(\.createdAt).sorted(by: >))
        #expect(try await piece(of: other.id, after: nil, at: start + 10).isEmpty)
        let before = try await world.store.read { try $0.sessions.live(of: world.user.id, limit: 100, now: start + 9) }
        #expect(Set(before.map(\.id)) == Set(made + [unused.id, short.id]))
    }

    @Test func `an unreadable elicitation hides no other`() async throws {
        let world = try await World()
        let session = try await world.active(world.session())
        for index in 0..<3 {
            let action = try ElicitationAction(json: ["name": "a", "summary": .string("Number \(index)")])
            let asked = Elicitation(
                resourceID: world.resource.id, userID: world.user.id, subject: world.user.subject,
                clientID: session.clientID, sessionID: session.id, message: "Do it.", ask: ConfirmRequest(action),
                digest: action.digest, createdAt: start + Int64(index), expiresAt: start + 900)
            try await world.store.write { try $0.elicitations.insert(asked) }
        }
        let (id, start) = (world.user.id, start)
        try await world.store.write {
            _ = try $0.execute(
                "UPDATE elicitations SET client_id = 'no client' WHERE created_at = ?1", start.seconds + 1)
        }
        let open = try await world.store.read { try $0.elicitations.open(of: id, now: start + 9, limit: 9) }
        let past = try await world.store.read { try $0.elicitations.past(of: id, now: start + 900, limit: 9) }
        #expect(Set(open.map(\.createdAt)) == [start, start + 2])
        #expect(past.map(\.createdAt) == [start + 2, start])
    }

    @Test func `a password is replaced only if it has not changed since the check and the account is enabled`()
        async throws
    {
        let world = try await World()
        let id = world.user.id
        let first = Credential(userID: id, kind: .password, data: "zero", createdAt: start, usedAt: start)
        try await world.store.write { try $0.credentials.insert(first) }
        func stored() async throws -> Credential? {
            try await world.store.read { try $0.credentials.find(.password, of: id) }
        }
        #expect(try await stored() == first)
        func replace(_ seen: Credential, with hash: String) async throws -> Bool {
            try await world.store.write { [start] in try $0.credentials.replace(seen, with: hash, now: start + 9) }
        }
        #expect(try await replace(first, with: "one"))
        #expect(try await !replace(first, with: "two"))
        let second = try #require(try await stored())
        #expect(second.data == "one" && second.createdAt == start + 9 && second.usedAt == nil)
        try await world.store.write { [start] in _ = try $0.users.setDisabled(start, id) }
        #expect(try await !replace(second, with: "two"))
        #expect(try await stored() == second)
    }

    @Test func `a renewed login is the same login under another cookie`() async throws {
        let world = try await World()
        let login = BrowserLogin(
            id: .random(), digest: .sha256("old"), userID: world.user.id, binding: .sha256("b"),
            authentication: .password(at: start),
            createdAt: start, lastSeenAt: start, expiresAt: start + 43_200)
        try await world.store.write { try $0.logins.insert(login) }
        #expect(
            try await world.store.write {
                try $0.logins.renew(
                    browserLogin: login.id, digest: .sha256("new"), authentication: .password(at: start + 9))
            })
        let found = try await world.store.read { tx in
            try ["old", "new"].map { try tx.logins.find(digest: .sha256($0), now: start + 10)?.login }
        }
        #expect(found[0] == nil && found[1]?.id == login.id && found[1]?.authTime == start + 9)
        #expect(found[1]?.expiresAt == login.expiresAt)
        let none = try await world.store.write {
            try $0.logins.renew(browserLogin: .random(), digest: .sha256("x"), authentication: .password(at: start))
        }
        #expect(!none)
    }
}
