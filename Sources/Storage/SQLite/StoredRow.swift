import GRDBSQLite
import JOSE
import OAuth

/// The row that a statement stands on. Columns count from 0; one of another type or form than the caller expects is an
/// error, never a trap, because anybody with the file could have written it.
struct StoredRow {
    private let statement: OpaquePointer
    /// Spares parsing the identifiers that most rows repeat.
    let identifiers: ParsedIdentifiers

    init(_ statement: OpaquePointer, _ identifiers: ParsedIdentifiers) {
        self.statement = statement
        self.identifiers = identifiers
    }

    func text(_ index: Int) throws -> String { try parsed(textIfAny(index)) }
    func textIfAny(_ index: Int) throws -> String? {
        let column = Int32(index)
        guard try holds(SQLITE_TEXT, column), let start = sqlite3_column_text(statement, column) else { return nil }
        let count = Int(sqlite3_column_bytes(statement, column))
        return String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    }
    func integer(_ index: Int) throws -> Int64 { try parsed(integerIfAny(index)) }
    func integerIfAny(_ index: Int) throws -> Int64? {
        let column = Int32(index)
        return try holds(SQLITE_INTEGER, column) ? sqlite3_column_int64(statement, column) : nil
    }
    func flag(_ index: Int) throws -> Bool { try integer(index) != 0 }
    func bytes(_ index: Int) throws -> [UInt8] { try parsed(bytesIfAny(index)) }
    func bytesIfAny(_ index: Int) throws -> [UInt8]? {
        let column = Int32(index)
        guard try holds(SQLITE_BLOB, column) else { return nil }
        // A blob of no bytes has no address.
        let start = sqlite3_column_blob(statement, column)
        return [UInt8](UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(statement, column))))
    }

    /// Whether the column holds this type; false when it is NULL.
    private func holds(_ type: Int32, _ column: Int32) throws -> Bool {
        switch sqlite3_column_type(statement, column) {
        case type: return true
        case SQLITE_NULL: return false
        default: throw StoreError.failed("a stored value is of another type")
        }
    }

    func time(_ index: Int) throws -> Timestamp { Timestamp(seconds: try integer(index)) }
    func timeIfAny(_ index: Int) throws -> Timestamp? { try integerIfAny(index).map { Timestamp(seconds: $0) } }

    func digest(_ index: Int) throws -> Digest { try parsed(Digest(bytes: bytes(index))) }
    func digestIfAny(_ index: Int) throws -> Digest? {
        guard let bytes = try bytesIfAny(index) else { return nil }
        return try parsed(Digest(bytes: bytes))
    }

    func id<Kind>(_ index: Int, _: Identifier<Kind>.Type = Identifier<Kind>.self) throws -> Identifier<Kind> {
        try parsed(Identifier<Kind>(spelled: text(index)))
    }
    func idIfAny<Kind>(_ index: Int) throws -> Identifier<Kind>? {
        guard let text = try textIfAny(index) else { return nil }
        return try parsed(Identifier<Kind>(spelled: text))
    }

    /// The identifiers of a list, which is stored with blanks between them; NULL is the empty list.
    func ids<Kind>(_ index: Int) throws -> [Identifier<Kind>] {
        try textIfAny(index)?.split(separator: " ").map { try parsed(Identifier<Kind>(spelled: String($0))) } ?? []
    }

    /// Unwraps the result of parsing a stored value.
    func parsed<T>(_ value: T?) throws -> T {
        guard let value else { throw StoreError.failed("a stored value does not parse") }
        return value
    }
}

extension Digest {
    /// The form in which a digest is bound to a statement.
    var stored: [UInt8] { bytes }
}

extension [UInt8] {
    /// The form in which bytes are bound to a statement.
    var stored: [UInt8] { self }
}
