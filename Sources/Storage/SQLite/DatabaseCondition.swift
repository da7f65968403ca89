import Foundation
import GRDB

/// The state of the database file, for diagnostics.
package struct DatabaseCondition: Hashable, Sendable {
    /// The defects of its pages in SQLite's words.
    package let defects: [String]
    /// Whether a commit is on the disk before its caller resumes.
    package let isDurable: Bool
    /// The name of the last migration.
    package let schema: String
    /// The version of SQLite.
    package let engine: String
    /// The size of the database, in bytes.
    package let bytes: Int64
    /// The size of the log beside it, in bytes.
    package let logBytes: Int64
}

extension Store {
    /// Reads every page, faster than `check` because it skips references and indexes.
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

    static func size(of path: String) -> Int64 {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        return (attributes?[.size] as? Int64) ?? Int64(attributes?[.size] as? Int ?? 0)
    }
}
