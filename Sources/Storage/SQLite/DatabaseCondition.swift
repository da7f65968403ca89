import Foundation
import GRDB

/// What an operator wants to know of the database file and of the way it is written.
package struct DatabaseCondition: Hashable, Sendable {
    /// What is wrong with its pages, one sentence each; empty when they are in order.
    package let defects: [String]
    /// Whether a commit is on the disk when it is answered.
    package let isDurable: Bool
    /// The last migration that it went through.
    package let schema: String
    /// The version of SQLite.
    package let engine: String
    /// The size of the database, in bytes.
    package let bytes: Int64
    /// The size of the log beside it, in bytes.
    package let logBytes: Int64
}

extension Store {
    /// Looks at every page, quicker than `check` and without the references.
    package func condition() async throws(StoreError) -> DatabaseCondition {
        try await onOwnThread { [pool, path] in
            let isDurable = try pool.writeWithoutTransaction { try Int.fetchOne($0, sql: "PRAGMA synchronous") == 2 }
            return try pool.unsafeRead { db in
                DatabaseCondition(
                    defects: try String.fetchAll(db, sql: "PRAGMA quick_check").filter { $0 != "ok" },
                    isDurable: isDurable,
                    schema: try String.fetchOne(
                        db, sql: "SELECT identifier FROM grdb_migrations ORDER BY rowid DESC LIMIT 1") ?? "none",
                    engine: try String.fetchOne(db, sql: "SELECT sqlite_version()") ?? "unknown",
                    bytes: Self.size(of: path), logBytes: Self.size(of: path + "-wal"))
            }
        }
    }

    private static func size(of path: String) -> Int64 {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        return (attributes?[.size] as? Int64) ?? Int64(attributes?[.size] as? Int ?? 0)
    }
}
