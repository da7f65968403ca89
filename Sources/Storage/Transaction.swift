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
    let clients: ClientChanges?
    let signals: PendingSignals?

    /// Runs an INSERT, UPDATE or DELETE and says how many rows it changed itself, cascades not counted.
    @discardableResult
    func execute(_ sql: String, _ values: Value...) throws -> Int {
        try statement(sql, values).execute()
        return db.changesCount
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
