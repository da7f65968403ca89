import Foundation
import GRDB
import JOSE
import OAuth

/// A row under a cursor; a column that does not hold what it must is an error, never a trap.
struct StoredRow {
    private let row: Row

    init(_ row: Row) { self.row = row }

    func text(_ index: Int) throws -> String { try row.decode(String.self, atIndex: index) }
    func textIfAny(_ index: Int) throws -> String? { try row.decode(String?.self, atIndex: index) }
    func integer(_ index: Int) throws -> Int64 { try row.decode(Int64.self, atIndex: index) }
    func integerIfAny(_ index: Int) throws -> Int64? { try row.decode(Int64?.self, atIndex: index) }
    func flag(_ index: Int) throws -> Bool { try integer(index) != 0 }
    func bytes(_ index: Int) throws -> [UInt8] { [UInt8](try row.decode(Data.self, atIndex: index)) }

    func bytesIfAny(_ index: Int) throws -> [UInt8]? {
        try row.decode(Data?.self, atIndex: index).map { [UInt8]($0) }
    }

    func time(_ index: Int) throws -> Timestamp { Timestamp(seconds: try integer(index)) }
    func timeIfAny(_ index: Int) throws -> Timestamp? { try integerIfAny(index).map { Timestamp(seconds: $0) } }

    func digest(_ index: Int) throws -> Digest { try parsed(Digest(bytes: bytes(index))) }
    func digestIfAny(_ index: Int) throws -> Digest? {
        guard let data = try row.decode(Data?.self, atIndex: index) else { return nil }
        return try parsed(Digest(bytes: [UInt8](data)))
    }

    func id<Kind>(_ index: Int, _: Identifier<Kind>.Type = Identifier<Kind>.self) throws -> Identifier<Kind> {
        try parsed(Identifier<Kind>(text(index)))
    }
    func idIfAny<Kind>(_ index: Int) throws -> Identifier<Kind>? {
        guard let text = try textIfAny(index) else { return nil }
        return try parsed(Identifier<Kind>(text))
    }

    /// Unwraps what a stored text must parse to.
    func parsed<T>(_ value: T?) throws -> T {
        guard let value else { throw StoreError.failed("a stored value does not parse") }
        return value
    }
}

extension Digest {
    /// The form in which a digest is bound to a statement.
    var stored: Data { Data(bytes) }
}

extension [UInt8] {
    /// The form in which bytes are bound to a statement.
    var stored: Data { Data(self) }
}
