import Foundation
import GRDB

/// A value that a statement takes: text, an integer, bytes or nothing.
typealias Value = (any DatabaseValueConvertible)?

/// One consistent view of the database, and inside `write` the right to change it.
///
/// Its verbs are synchronous, so that no network call can happen inside; a refusal is a returned verdict, because a
/// throw takes back everything that the closure did.
package struct Transaction {
    let db: Database
    let chain: AuditChain?

    /// Runs a statement that returns no rows and says how many rows it changed.
    @discardableResult
    func execute(_ sql: String, _ values: Value...) throws -> Int {
        let before = db.totalChangesCount
        try statement(sql, values).execute()
        return db.totalChangesCount - before
    }

    /// The first row of a query, read by `decode` while the cursor stands on it.
    func first<T>(_ sql: String, _ values: Value..., as decode: (StoredRow) throws -> T) throws -> T? {
        let cursor = try Row.fetchCursor(statement(sql, values))
        guard let row = try cursor.next() else { return nil }
        let value = try decode(StoredRow(row))
        // A RETURNING statement must be stepped to its end, or the statement stays open inside the savepoint.
        while try cursor.next() != nil {}
        return value
    }

    /// All rows of a query.
    func all<T>(_ sql: String, _ values: Value..., as decode: (StoredRow) throws -> T) throws -> [T] {
        try all(sql, values, as: decode)
    }

    func all<T>(_ sql: String, _ values: [Value], as decode: (StoredRow) throws -> T) throws -> [T] {
        var result: [T] = []
        let cursor = try Row.fetchCursor(statement(sql, values))
        while let row = try cursor.next() { result.append(try decode(StoredRow(row))) }
        return result
    }

    private func statement(_ sql: String, _ values: [Value]) throws -> Statement {
        // A full disk rolls back the whole group. Whoever swallowed that error must not go on outside of it.
        guard db.isInsideTransaction else { throw StoreError.diskFull }
        let statement = try db.cachedStatement(sql: sql)
        try statement.setArguments(StatementArguments(values))
        return statement
    }
}

/// A row under a cursor; a column that does not hold what it must is an error, never a trap.
struct StoredRow {
    private let row: Row

    init(_ row: Row) { self.row = row }

    func text(_ index: Int) throws -> String { try row.decode(String.self, atIndex: index) }
    func textIfAny(_ index: Int) throws -> String? { try row.decode(String?.self, atIndex: index) }
    func integer(_ index: Int) throws -> Int64 { try row.decode(Int64.self, atIndex: index) }
    func integerIfAny(_ index: Int) throws -> Int64? { try row.decode(Int64?.self, atIndex: index) }
    func bytes(_ index: Int) throws -> [UInt8] { [UInt8](try row.decode(Data.self, atIndex: index)) }
    func bytesIfAny(_ index: Int) throws -> [UInt8]? { try row.decode(Data?.self, atIndex: index).map { [UInt8]($0) } }

    /// A text column that must parse as a value of the language.
    func value<T>(_ index: Int, _ parse: (String) throws -> T?) throws -> T {
        let text = try text(index)
        guard let value = try parse(text) else { throw StoreError.failed("a stored value does not parse") }
        return value
    }

    func valueIfAny<T>(_ index: Int, _ parse: (String) throws -> T?) throws -> T? {
        try textIfAny(index) == nil ? nil : value(index, parse)
    }
}
