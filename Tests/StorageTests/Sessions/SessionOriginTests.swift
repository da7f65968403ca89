import GRDB
import JOSE
import OAuth
import TestSupport
import Testing

@testable import Storage

@Suite("The beginning of a session")
struct SessionOriginTests {
    @Test func `a session begins without a user, a redirect URI or a browser, and ends with its record`() async throws {
        let world = try await World()
        let session = try Session(
            userID: nil, clientID: world.client.id, clientName: "Desk", resourceID: world.resource.id,
            scope: ScopeSet(parsing: "files:read"), redirectURI: nil, binding: nil, createdAt: World.start,
            expiresAt: World.start + 3600, idleSeconds: 3600, authTime: World.start, refreshKeyID: "k1")
        try await world.store.write { try $0.sessions.begin(session) }
        let (kept, grant) = try await world.store.read {
            (try $0.sessions.find(session.id), try $0.sessions.grant(session.id))
        }
        #expect(kept == session)
        #expect(grant?.user == nil && grant?.subject == .client(world.client.id) && grant?.userIsDisabled == false)
        let ending = SessionEnding(reason: .revokedByResource, initiator: .system, actor: .system, at: World.start + 5)
        #expect(try await world.store.write { try $0.sessions.end(session.id, ending) })
        let ended = try #require(try await world.store.read { try $0.sessions.find(session.id) })
        #expect(ended.state == .ended && ended.userID == nil)
    }

    @Test func `the event of a session without a user names its client, and no user`() async throws {
        let world = try await World()
        let session = try Session(
            userID: nil, clientID: world.client.id, clientName: "Desk", resourceID: world.resource.id,
            scope: ScopeSet(parsing: "files:read"), redirectURI: nil, binding: nil, createdAt: World.start,
            expiresAt: World.start + 3600, idleSeconds: 3600, authTime: World.start, refreshKeyID: "k1")
        let ending = SessionEnding(reason: .revokedByResource, initiator: .system, actor: .system, at: World.start + 5)
        try await world.store.write { tx in
            try tx.resources.recordPoll(by: world.resource.id, now: World.start)
            try tx.sessions.begin(session)
            _ = try tx.sessions.end(session.id, ending)
        }
        let event = try #require(try await world.store.read { try $0.events.find(of: session.id) })
        #expect(event.event.about == .session(session.id, of: .client(world.client.id)))
    }

    @Test func `sessions without a user count, and count no user`() async throws {
        let world = try await World()
        try await world.store.write { tx in
            for host in ["a.example", "b.example"] {
                try tx.sessions.begin(
                    Session(
                        userID: nil, clientID: ClientID("https://\(host)/client.json"), clientName: "Desk",
                        clientHost: host,
                        resourceID: world.resource.id, scope: ScopeSet(parsing: "files:read"), redirectURI: nil,
                        binding: nil, createdAt: World.start, expiresAt: World.start + 3600, idleSeconds: 3600,
                        authTime: World.start, refreshKeyID: "k1"))
            }
        }
        let counts = try await world.store.read {
            try $0.sessionReports.liveCounts(
                [SessionFilter(host: "a.example"), SessionFilter(host: "b.example")], now: World.start)
        }
        #expect(counts.sessions == 2 && counts.people == 0 && counts.clients == 2 && counts.resources == 1)
    }

    @Test func `a migrated database keeps its sessions, and takes sessions without a user`() async throws {
        let folder = try TemporaryFolder()
        let queue = try DatabaseQueue(path: folder.database)
        try Schema.migrator().migrate(queue, upTo: "0018 ended keys")
        try await queue.writeWithoutTransaction { db in
            try db.execute(
                sql: """
                    INSERT INTO users (id, subject, name, name_key, password_hash, created_at)
                    VALUES ('u', 's', 'Ana', 'ana', '', 1);
                    INSERT INTO resources (id, identifier, comparable, name, owner, secret_digest, created_at)
                    VALUES ('r', 'https://a.example', 'https://a.example', 'A', 'Ops', zeroblob(32), 1);
                    \(Self.insert("one", user: "'u'", redirect: "'https://a.example'", binding: "zeroblob(32)"));
                    """)
        }
        let before = try await queue.read { try Row.fetchAll($0, sql: "SELECT * FROM sessions").map { "\($0)" } }
        try Schema.migrator().migrate(queue, upTo: "0019 session origins")
        let after = try await queue.read { try Row.fetchAll($0, sql: "SELECT * FROM sessions").map { "\($0)" } }
        #expect(before == after && after.count == 1)
        try Schema.migrator().migrate(queue)
        try await queue.writeWithoutTransaction { db in
            try db.execute(sql: Self.insert("two", user: "NULL", redirect: "NULL", binding: "NULL"))
            // What is there is held to as before.
            #expect(throws: DatabaseError.self) {
                try db.execute(sql: Self.insert("bad", user: "'nobody'", redirect: "NULL", binding: "NULL"))
            }
            #expect(throws: DatabaseError.self) {
                try db.execute(sql: Self.insert("bad", user: "'u'", redirect: "NULL", binding: "zeroblob(5)"))
            }
            #expect(try String.fetchOne(db, sql: "PRAGMA integrity_check") == "ok")
        }
        try queue.close()
    }

    private static func insert(_ id: String, user: String, redirect: String, binding: String) -> String {
        """
        INSERT INTO sessions (id, user_id, client_id, client_name, resource_id, scope, redirect_uri, binding,
            state, created_at, expires_at, idle_seconds, last_used_at, auth_time, generation, refresh_key)
        VALUES ('\(id)', \(user), 'desk', 'Desk', 'r', 'a', \(redirect), \(binding), 'active', 1, 9000000, 9000000, 7200,
            1, 1, 'k')
        """
    }
}
