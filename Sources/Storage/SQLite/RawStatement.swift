import GRDB
import GRDBSQLite

/// Runs the statements that GRDB prepared and keeps.
///
/// GRDB's own arguments, cursors and rows cost several times what SQLite does for a row by its key, and nothing here needs
/// what they watch (observers, regions, sharing between processes).
struct RawStatement {
    private let statement: OpaquePointer
    /// Keeps the prepared statement alive: GRDB drops it from its cache when the schema changes.
    private let owner: Statement

    /// Prepares the statement of this text, or takes it from the connection's cache, and binds the values.
    init(_ sql: String, _ values: [Value] = [], in db: Database) throws {
        owner = try db.cachedStatement(sql: sql)
        statement = owner.sqliteStatement
        guard sqlite3_bind_parameter_count(statement) == values.count else {
            throw StoreError.constraint("a statement takes another number of values")
        }
        for (index, value) in values.enumerated() {
            let code = bind(value?.boundValue ?? .null, at: Int32(index + 1))
            guard code == SQLITE_OK else { throw failure(code) }
        }
    }

    /// Runs a statement without rows.
    func run() throws { try step {} }

    /// Runs the statement to its end and shows `visit` each row.
    func run(_ identifiers: ParsedIdentifiers, _ visit: (StoredRow) throws -> Void) throws {
        let row = StoredRow(statement, identifiers)
        try step { try visit(row) }
    }

    /// The statement is always reset: one that stays open would hold its snapshot, or its savepoint.
    private func step(_ onRow: () throws -> Void) throws {
        defer { sqlite3_reset(statement) }
        while true {
            switch sqlite3_step(statement) {
            case SQLITE_ROW: try onRow()
            case SQLITE_DONE: return
            case let code: throw failure(code)
            }
        }
    }

    /// Hands a value to SQLite, which copies it, and returns SQLite's result code.
    private func bind(_ value: BoundValue, at place: Int32) -> Int32 {
        switch value {
        case .null: sqlite3_bind_null(statement, place)
        case .integer(let number): sqlite3_bind_int64(statement, place, number)
        case .text(let text): bind(text, at: place)
        case .bytes(let bytes):
            bytes.withUnsafeBytes { bytes in
                guard let start = bytes.baseAddress else { return sqlite3_bind_zeroblob(statement, place, 0) }
                return sqlite3_bind_blob(statement, place, start, Int32(bytes.count), copied)
            }
        }
    }

    private func bind(_ text: String, at place: Int32) -> Int32 {
        var text = text
        return text.withUTF8 { bytes in
            bytes.withMemoryRebound(to: CChar.self) { bytes in
                // An empty buffer may have no address, and that would be NULL.
                guard let start = bytes.baseAddress else { return sqlite3_bind_text(statement, place, "", 0, copied) }
                return sqlite3_bind_text(statement, place, start, Int32(bytes.count), copied)
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
