import GRDB
import JOSE
import OAuth
import StorageSupport
import TestSupport
import Testing

@testable import Storage

@Suite("Rows of service sessions")
struct ServiceSessionRowTests {
    private func session(_ world: World, from start: Timestamp = World.start, lasting: Int64 = 3600) throws -> Session {
        try Session(
            userID: nil, clientID: world.client.id, clientName: "Desk", resourceID: world.resource.id,
            scope: ScopeSet(parsing: "files:read"), redirectURI: nil, binding: nil, createdAt: start,
            expiresAt: start + lasting, idleSeconds: 1_000_000, authTime: start, refreshKeyID: "")
    }

    @Test func `a client has one live service session at an MCP server, beside those of users`() async throws {
        let world = try await World()
        _ = try await world.active(world.session())
        let (first, second) = (try session(world), try session(world))
        try await world.store.write { try $0.serviceSessions.open(first) }
        await #expect(throws: (any Error).self) {
            try await world.store.write { try $0.serviceSessions.open(second) }
        }
        let live = try await world.store.read {
            try $0.serviceSessions.find(of: world.client.id, at: world.resource.id, now: World.start)
        }
        #expect(live?.id == first.id && live?.state == .active)
    }

    @Test func `a session that expired unnoticed makes room for the next and is stored as expired`() async throws {
        let world = try await World()
        let end = World.start + 3600
        let (first, second) = (try session(world), try session(world, from: end))
        try await world.store.write { try $0.serviceSessions.open(first) }
        let live = try await world.store.read {
            try $0.serviceSessions.find(of: world.client.id, at: world.resource.id, now: end)
        }
        #expect(live == nil)
        try await world.store.write { try $0.serviceSessions.open(second) }
        let kept = try await world.store.read { try $0.sessions.find(first.id) }
        #expect(kept?.state == .expired && kept?.endedAt == end)
    }

    @Test func `a service session depends on no key`() async throws {
        let world = try await World()
        let service = try session(world)
        try await world.store.write { try $0.serviceSessions.open(service) }
        #expect(try await world.store.read { try $0.refreshKeysInUse() } == [])
        _ = try await world.active(world.session())
        #expect(try await world.store.read { try $0.refreshKeysInUse() } == ["k1"])
    }

    @Test func `clients of an earlier version whose ids begin as the subjects of users do are found`() async throws {
        let world = try await World()
        try await world.store.write { tx in
            for id in ["sub_old", "subway", "sub", "a_sub_b", world.user.subject.string] {
                try tx.clients.insert(
                    RegisteredClient(id: ClientID(id), name: "Old", redirectURIs: [], createdAt: World.start))
            }
        }
        let found = try await world.store.read { try $0.clientPermissions.clientsNamedAsUsers().map(\.string) }
        #expect(Set(found) == ["sub_old", world.user.subject.string])
    }

    @Test func `a migrated database keeps its audit records and takes the client as an initiator`() async throws {
        let folder = try TemporaryFolder()
        let queue = try DatabaseQueue(path: folder.database)
        try Schema.migrator().migrate(queue, upTo: "0022 credentials")
        try await queue.writeWithoutTransaction { db in
            try db.execute(sql: Self.insert(1, "model"))
            #expect(throws: DatabaseError.self) { try db.execute(sql: Self.insert(2, "client")) }
        }
        let before = try await queue.read { try Row.fetchAll($0, sql: "SELECT * FROM audit").map { "\($0)" } }
        try Schema.migrator().migrate(queue)
        let after = try await queue.read { try Row.fetchAll($0, sql: "SELECT * FROM audit").map { "\($0)" } }
        #expect(before == after && after.count == 1)
        try await queue.writeWithoutTransaction { db in
            try db.execute(sql: Self.insert(2, "client"))
            #expect(throws: DatabaseError.self) { try db.execute(sql: Self.insert(3, "nobody")) }
            try db.execute(sql: Self.tally("client"))
            #expect(throws: DatabaseError.self) { try db.execute(sql: Self.tally("nobody")) }
            #expect(try String.fetchOne(db, sql: "PRAGMA integrity_check") == "ok")
        }
        try queue.close()
    }

    @Test func `the migration stops if the text of a table is not the one that it changes`() async throws {
        let folder = try TemporaryFolder()
        let queue = try DatabaseQueue(path: folder.database)
        try Schema.migrator().migrate(queue, upTo: "0023 registration permissions")
        try await queue.writeWithoutTransaction { db in
            try db.execute(
                sql: """
                    PRAGMA writable_schema = ON;
                    UPDATE sqlite_schema SET sql = replace(sql, '''server'', ', '''server'',  ') WHERE name = 'audit';
                    PRAGMA writable_schema = RESET;
                    """)
        }
        #expect(throws: (any Error).self) { try Schema.migrator().migrate(queue) }
        try queue.close()
    }

    private static func tally(_ initiator: String) -> String {
        """
        INSERT INTO audit_tallies (session_id, action, minute, first, last, count, actor, initiator)
        VALUES ('\(initiator)', 'x', 1, 1, 1, 1, 'system', '\(initiator)')
        """
    }

    private static func insert(_ sequence: Int, _ initiator: String) -> String {
        """
        INSERT INTO audit (sequence, at, actor, action, outcome, initiator, evidence, previous, hash)
        VALUES (\(sequence), 1, 'system', 'x', 'success', '\(initiator)', 'witnessed', zeroblob(32), zeroblob(32))
        """
    }
}
