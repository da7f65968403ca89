import GRDB
import OAuth

/// One consistent view of the database, and inside `write` the right to change it.
///
/// Its verbs are synchronous, so that no network call can happen inside; a refusal is a returned verdict, because a
/// throw takes back everything that the closure did.
package struct Transaction {
    let db: Database
    let chain: AuditChain?
    let clientChanges: ClientChanges?
    let signals: PendingSignals?
    /// The request that all of it is for.
    var trace: TraceID?

    /// Runs an INSERT, UPDATE or DELETE and says how many rows it changed itself, cascades not counted.
    @discardableResult
    func execute(_ sql: String, _ values: Value...) throws -> Int {
        try execute(sql, values)
    }

    @discardableResult
    func execute(_ sql: String, _ values: [Value]) throws -> Int {
        try run(sql, values)
        return db.changesCount
    }

    /// The first row of a query, read by `decode` while the statement stands on it.
    func first<T>(_ sql: String, _ values: Value..., as decode: (StoredRow) throws -> T) throws -> T? {
        try first(sql, values, as: decode)
    }

    func first<T>(_ sql: String, _ values: [Value], as decode: (StoredRow) throws -> T) throws -> T? {
        var value: T?
        // A RETURNING statement is stepped to its end, or it would not be done inside its savepoint.
        try run(sql, values) { row in
            if value == nil { value = try decode(row) }
        }
        return value
    }

    /// All rows of a query.
    func all<T>(_ sql: String, _ values: Value..., as decode: (StoredRow) throws -> T) throws -> [T] {
        try all(sql, values, as: decode)
    }

    func all<T>(_ sql: String, _ values: [Value], as decode: (StoredRow) throws -> T) throws -> [T] {
        var result: [T] = []
        try run(sql, values) { result.append(try decode($0)) }
        return result
    }

    private func run(_ sql: String, _ values: [Value], _ visit: (StoredRow) throws -> Void = { _ in }) throws {
        // A full disk rolls back the whole group. Whoever swallowed that error must not go on outside of it.
        guard db.isInsideTransaction else { throw StoreError.diskFull }
        try RawStatement(sql, values, in: db).run(visit)
    }
}
