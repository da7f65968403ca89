import GRDB
import TestSupport
import Testing

@testable import Storage

@Suite("Migration of elicitations")
struct ElicitationKindListTests {
    private static let anew = "0020 elicitation kinds"
    private static let rows = """
        INSERT INTO users (id, subject, name, name_key, password_hash, created_at)
        VALUES ('u', 's', 'Ana', 'ana', '', 1);
        INSERT INTO resources (id, identifier, comparable, name, owner, secret_digest, created_at)
        VALUES ('r', 'https://a.example', 'https://a.example', 'A', 'Ops', zeroblob(32), 1);
        INSERT INTO browser_sessions (id, digest, user_id, binding, auth_time, created_at, last_seen_at, expires_at)
        VALUES ('b', zeroblob(32), 'u', zeroblob(32), 1, 1, 1, 9);
        INSERT INTO providers (name, owner, authorization_endpoint, token_endpoint, client_id, auth_method, sends_issuer,
            created_at)
        VALUES ('hub', 'Ops', 'https://hub.example/a', 'https://hub.example/t', 'c', 'none', 0, 1);
        INSERT INTO elicitations (id, page_id, resource_id, user_id, subject, client_id, session_id, kind, message, ask,
            digest, idempotency_key, status, version, created_at, expires_at)
        VALUES ('e', 'p', 'r', 'u', 's', 'c', 'one', 'connect', 'm', '{}', zeroblob(32), 'key', 'opened', 2, 1, 9);
        INSERT INTO elicitations (id, page_id, resource_id, user_id, subject, client_id, session_id, kind, message, ask,
            digest, status, version, created_at, expires_at, finished_at, content, auth_time)
        VALUES ('f', 'q', 'r', 'u', 's', 'c', 'one', 'secret', 'm', '{}', zeroblob(32), 'completed', 3, 1, 9, 5, x'01', 4);
        INSERT INTO connection_attempts (state_digest, elicitation_id, user_id, browser_session_id, binding, provider,
            asked, proof, created_at, expires_at)
        VALUES (zeroblob(32), 'e', 'u', 'b', zeroblob(32), 'hub', '', x'02', 1, 9)
        """

    private static func elicitations(_ db: Database) throws -> [String] {
        try Row.fetchAll(db, sql: "SELECT * FROM elicitations ORDER BY id").map { "\($0)" }
    }

    private static func indexes(_ db: Database) throws -> [String: String] {
        let rows = try Row.fetchAll(
            db, sql: "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'elicitations'")
        return Dictionary(
            uniqueKeysWithValues: rows.map { row in
                (
                    (row["name"] as String?) ?? "",
                    ((row["sql"] as String?) ?? "").split(whereSeparator: \.isWhitespace).joined(separator: " ")
                )
            })
    }

    @Test func `every elicitation, its indexes and its connection attempts are kept`() async throws {
        let folder = try TemporaryFolder()
        let queue = try DatabaseQueue(path: folder.database)
        try Schema.migrator().migrate(queue, upTo: "0016 audit tallies")
        let (rows, indexes) = try await queue.write { db -> ([String], [String: String]) in
            try db.execute(sql: Self.rows)
            return (try Self.elicitations(db), try Self.indexes(db))
        }
        try Schema.migrator().migrate(queue, upTo: Self.anew)
        try await queue.write { db in
            #expect(rows.count == 2)
            #expect(try Self.elicitations(db) == rows)
            // Those of PRIMARY KEY and UNIQUE have no text and are named after the table.
            #expect(try Self.indexes(db).filter { $0.value != "" } == indexes.filter { $0.value != "" })
            #expect(try Int.fetchOne(db, sql: "SELECT count(*) FROM connection_attempts") == 1)
            #expect(try Row.fetchAll(db, sql: "PRAGMA foreign_key_check").isEmpty)
            try db.execute(sql: "DELETE FROM elicitations WHERE id = 'e'")
            #expect(try Int.fetchOne(db, sql: "SELECT count(*) FROM connection_attempts") == 0)
        }
        try queue.close()
    }

    @Test func `a further kind needs no migration`() async throws {
        let folder = try TemporaryFolder()
        let queue = try DatabaseQueue(path: folder.database)
        try Schema.migrator().migrate(queue, upTo: "0016 audit tallies")
        try await queue.write { try $0.execute(sql: Self.rows) }
        try Schema.migrator().migrate(queue, upTo: Self.anew)
        try await queue.write { db in
            try db.execute(sql: "UPDATE elicitations SET kind = 'further' WHERE id = 'e'")
            #expect(throws: DatabaseError.self) {
                try db.execute(sql: "UPDATE elicitations SET kind = '' WHERE id = 'e'")
            }
        }
        try queue.close()
    }
}
