import Foundation
import GRDB
import TestSupport

/// A SQLite file without a store: what migration tests write and compare.
struct RawDatabase {
    /// A row as its columns with their values, each spelled as SQL.
    typealias RowText = Set<String>

    let path: String

    /// Runs statements outside of any transaction.
    func run(_ sql: String) throws {
        umask(0o077)
        let queue = try DatabaseQueue(path: path)
        try queue.writeWithoutTransaction { try $0.execute(sql: sql) }
        try queue.close()
    }

    /// All rows of all tables that have any, by the name of the table.
    func rows() throws -> [String: Set<RowText>] {
        try read { db in
            var found: [String: Set<RowText>] = [:]
            for table in try String.fetchAll(db, sql: Self.tableNames) {
                let columns = try db.columns(in: table).map(\.name)
                let values = columns.map { "quote(\($0))" }.joined(separator: ", ")
                found[table] = Set(
                    try Row.fetchAll(db, sql: "SELECT \(values) FROM \(table)").map { row in
                        Set(columns.enumerated().map { "\($1)=\(row[$0] as String? ?? "NULL")" })
                    })
            }
            return found.filter { !$0.value.isEmpty }
        }
    }

    /// The names of all tables but SQLite's and GRDB's own.
    func tables() throws -> [String] { try read { try String.fetchAll($0, sql: Self.tableNames) } }

    /// The number of rows that refer to a missing row.
    func brokenReferences() throws -> Int {
        try read { try Row.fetchAll($0, sql: "PRAGMA foreign_key_check").count }
    }

    private func read<T>(_ body: (Database) throws -> T) throws -> T {
        let queue = try DatabaseQueue(path: path)
        defer { try? queue.close() }
        return try queue.read(body)
    }

    private static let tableNames = """
        SELECT name FROM sqlite_schema
        WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name <> 'grdb_migrations'
        """
}
