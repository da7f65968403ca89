import GRDB
import OAuth

/// One consistent view of the database, and inside `write` the right to change it.
///
/// Its verbs are synchronous, so that no network call can happen inside. A refusal is a returned verdict: a throw rolls
/// back everything that the closure did, the revocation of a replayed code included.
package struct Transaction {
    let db: Database
    /// What the store keeps in memory beside the database.
    let memory: StoreMemory
    /// Whether this is a write, which runs on the writer's queue.
    package let isWrite: Bool
    /// The request that this transaction serves; nil in a read and in work of the server's own.
    var trace: TraceID?
    /// The reason for what an administrator does in this transaction; nil if none was stated.
    var statedReason: String?

    /// The memory that only the writer's queue may change; nil in a read.
    var writerMemory: StoreMemory? { isWrite ? memory : nil }

    /// Runs `body` on one consistent state of a read-only connection.
    static func reading<T>(_ db: Database, _ memory: StoreMemory, _ body: (Transaction) throws -> T) throws -> T {
        try RawStatement("BEGIN", in: db).run()
        defer { leave(db) }
        return try body(Transaction(db: db, memory: memory, isWrite: false))
    }

    private static func leave(_ db: Database) {
        do {
            try RawStatement("COMMIT", in: db).run()
        } catch {
            // GRDB interrupts the connection of a cancelled caller; a read has nothing to lose.
            try? RawStatement("ROLLBACK", in: db).run()
        }
    }
}

extension Transaction {
    /// Runs an INSERT, UPDATE or DELETE and returns the number of rows that it changed itself, cascades not counted.
    @discardableResult
    func execute(_ sql: String, _ values: Value...) throws -> Int {
        try execute(sql, values)
    }

    @discardableResult
    func execute(_ sql: String, _ values: [Value]) throws -> Int {
        try run(sql, values)
        return db.changesCount
    }

    /// The first row of a query. `decode` must not keep the row, which is valid only while the statement stands on it.
    func first<T>(_ sql: String, _ values: Value..., as decode: (StoredRow) throws -> T) throws -> T? {
        try first(sql, values, as: decode)
    }

    func first<T>(_ sql: String, _ values: [Value], as decode: (StoredRow) throws -> T) throws -> T? {
        var value: T?
        // A RETURNING statement that is not stepped to its end would not be done inside its savepoint.
        try run(sql, values) { row in
            if value == nil { value = try decode(row) }
        }
        return value
    }

    /// All rows of a query, in its order.
    func all<T>(_ sql: String, _ values: Value..., as decode: (StoredRow) throws -> T) throws -> [T] {
        try all(sql, values, as: decode)
    }

    func all<T>(_ sql: String, _ values: [Value], as decode: (StoredRow) throws -> T) throws -> [T] {
        var result: [T] = []
        try run(sql, values) { result.append(try decode($0)) }
        return result
    }

    private func run(_ sql: String, _ values: [Value], _ visit: (StoredRow) throws -> Void = { _ in }) throws {
        // A full disk rolls back the whole group. A member that swallowed that error must not go on outside of it.
        guard db.isInsideTransaction else { throw StoreError.diskFull }
        try RawStatement(sql, values, in: db).run(memory.identifiers, visit)
    }
}
