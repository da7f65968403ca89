import GRDB
import TestSupport
import Testing

@testable import Storage

@Suite("Migration: keys of clients and MCP servers")
struct ClientKeyColumnsTests {
    private static let before = "0022 credentials"

    private static func resource(_ id: String, secret: String, set: String? = nil, url: String? = nil) -> String {
        let columns = set == nil && url == nil ? "" : ", jwks, jwks_uri"
        let values = set == nil && url == nil ? "" : ", \(set ?? "NULL"), \(url ?? "NULL")"
        return """
            INSERT INTO resources (id, identifier, comparable, name, owner, secret_digest, created_at\(columns))
            VALUES ('\(id)', 'https://\(id).example', 'https://\(id).example', 'A', 'Ops', \(secret), 1\(values))
            """
    }

    private static func client(_ id: String, _ method: String, secret: String, set: String? = nil, url: String? = nil)
        -> String
    {
        let columns = set == nil && url == nil ? "" : ", jwks, jwks_uri"
        let values = set == nil && url == nil ? "" : ", \(set ?? "NULL"), \(url ?? "NULL")"
        return """
            INSERT INTO clients (id, name, redirect_uris, auth_method, grant_types, secret_digest, created_at\(columns))
            VALUES ('\(id)', 'A', 'https://a.example', '\(method)', '', \(secret), 1\(values))
            """
    }

    @Test func `rows stay, and each MCP server and client has a secret or keys, never both or neither`() async throws {
        let folder = try TemporaryFolder()
        let queue = try DatabaseQueue(path: folder.database)
        try Schema.migrator().migrate(queue, upTo: Self.before)
        try await queue.writeWithoutTransaction { db in
            try db.execute(sql: Self.resource("old", secret: "zeroblob(32)"))
            try db.execute(sql: Self.client("old", "client_secret_post", secret: "zeroblob(32)"))
            try db.execute(sql: Self.client("open", "none", secret: "NULL"))
        }
        try Schema.migrator().migrate(queue)
        try await queue.writeWithoutTransaction { db in
            #expect(try Int.fetchOne(db, sql: "SELECT count(*) FROM resources") == 1)
            #expect(try Int.fetchOne(db, sql: "SELECT count(*) FROM clients") == 2)
            let good = [
                Self.resource("secret", secret: "zeroblob(32)"), Self.resource("set", secret: "NULL", set: "x'7b7d'"),
                Self.resource("url", secret: "NULL", url: "'https://a.example/jwks'"),
                Self.client("set", "private_key_jwt", secret: "NULL", set: "x'7b7d'"),
                Self.client("url", "private_key_jwt", secret: "NULL", url: "'https://a.example/jwks'"),
                Self.client("secret", "client_secret_basic", secret: "zeroblob(32)"),
            ]
            for statement in good { try db.execute(sql: statement) }
            let bad = [
                Self.resource("b1", secret: "NULL"), Self.resource("b2", secret: "zeroblob(5)"),
                Self.resource("b3", secret: "zeroblob(32)", set: "x'7b7d'"),
                Self.resource("b4", secret: "NULL", set: "x'7b7d'", url: "'https://a.example/jwks'"),
                Self.client("b1", "private_key_jwt", secret: "NULL"),
                Self.client("b2", "private_key_jwt", secret: "zeroblob(32)", set: "x'7b7d'"),
                Self.client("b3", "none", secret: "NULL", set: "x'7b7d'"),
                Self.client("b4", "client_secret_basic", secret: "NULL"),
            ]
            for statement in bad {
                #expect(throws: DatabaseError.self, "\(statement)") { try db.execute(sql: statement) }
            }
            #expect(try String.fetchOne(db, sql: "PRAGMA integrity_check") == "ok")
        }
        try queue.close()
    }
}
