import GRDB
import GRDBSQLite

/// A value that a statement takes: text, an integer, bytes or nothing.
protocol Bindable {
    /// Hands the value to SQLite, which copies it; returns SQLite's result code.
    func bind(to statement: OpaquePointer, at index: Int32) -> Int32
}

typealias Value = (any Bindable)?

/// Runs the statements that GRDB prepared and keeps.
///
/// GRDB's own way over arguments, cursors and rows costs several times what SQLite does for a row by its key, and all
/// that it watches meanwhile (observers, regions, sharing between processes) nobody here asks for.
struct RawStatement {
    private let statement: OpaquePointer
    /// Keeps the prepared statement alive: GRDB drops it from its cache when the schema changes.
    private let owner: Statement

    /// The prepared statement of this text with these values; it stays prepared for the next time.
    init(_ sql: String, _ values: [Value] = [], in db: Database) throws {
        owner = try db.cachedStatement(sql: sql)
        statement = owner.sqliteStatement
        guard sqlite3_bind_parameter_count(statement) == values.count else {
            throw StoreError.constraint("a statement takes another number of values")
        }
        for (index, value) in values.enumerated() {
            let place = Int32(index + 1)
            let code = value?.bind(to: statement, at: place) ?? sqlite3_bind_null(statement, place)
            guard code == SQLITE_OK else { throw failure(code) }
        }
    }

    /// Steps to the end; `visit` sees each row and says whether it wants the next.
    ///
    /// The statement is always reset: one that stays open would hold its snapshot, or its savepoint.
    func run(_ visit: (StoredRow) throws -> Void = { _ in }) throws {
        defer { sqlite3_reset(statement) }
        while true {
            switch sqlite3_step(statement) {
            case SQLITE_ROW: try visit(StoredRow(statement))
            case SQLITE_DONE: return
            case let code: throw failure(code)
            }
        }
    }

    private func failure(_ code: Int32) -> DatabaseError {
        DatabaseError(
            resultCode: ResultCode(rawValue: code),
            message: sqlite3_errmsg(sqlite3_db_handle(statement)).map { String(cString: $0) })
    }
}

/// SQLite copies what is bound before the call returns.
private let copied = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

extension String: Bindable {
    func bind(to statement: OpaquePointer, at index: Int32) -> Int32 {
        var text = self
        return text.withUTF8 { bytes in
            bytes.withMemoryRebound(to: CChar.self) { bytes in
                // An empty buffer may have no address, and that would be NULL.
                guard let start = bytes.baseAddress else { return sqlite3_bind_text(statement, index, "", 0, copied) }
                return sqlite3_bind_text(statement, index, start, Int32(bytes.count), copied)
            }
        }
    }
}

extension Int64: Bindable {
    func bind(to statement: OpaquePointer, at index: Int32) -> Int32 { sqlite3_bind_int64(statement, index, self) }
}

extension Int: Bindable {
    func bind(to statement: OpaquePointer, at index: Int32) -> Int32 {
        sqlite3_bind_int64(statement, index, Int64(self))
    }
}

extension [UInt8]: Bindable {
    func bind(to statement: OpaquePointer, at index: Int32) -> Int32 {
        withUnsafeBytes { bytes in
            guard let start = bytes.baseAddress else { return sqlite3_bind_zeroblob(statement, index, 0) }
            return sqlite3_bind_blob(statement, index, start, Int32(bytes.count), copied)
        }
    }
}
