import OAuth
import Synchronization

/// Identifiers that were read from rows before, by their text: sessions name the same few clients, MCP servers and
/// scopes over and over, and parsing them anew was a good part of reading one.
///
/// What a text parses to never changes, so nothing in here can be out of date.
final class KnownValues<Value: Sendable>: Sendable {
    private static var capacity: Int { 1_000 }

    private let known = Mutex<[String: Value]>([:])
    private let parse: @Sendable (String) throws -> Value

    init(_ parse: @escaping @Sendable (String) throws -> Value) {
        self.parse = parse
    }

    /// What the text parses to.
    func value(_ text: String) throws -> Value {
        // Beyond ASCII, texts of different bytes count as equal; no identifier goes there.
        guard text.utf8.allSatisfy({ $0 < 0x80 }) else { return try parse(text) }
        if let value = known.withLock({ $0[text] }) { return value }
        let value = try parse(text)
        known.withLock { known in
            if known.count >= Self.capacity { known.removeAll() }
            known[text] = value
        }
        return value
    }
}

extension StoredRow {
    private static let clients = KnownValues { try ClientID($0) }
    private static let resources = KnownValues { try ResourceIdentifier($0) }
    private static let scopes = KnownValues { try ScopeSet(parsing: $0) }

    func client(_ index: Int) throws -> ClientID { try Self.clients.value(text(index)) }
    func resource(_ index: Int) throws -> ResourceIdentifier { try Self.resources.value(text(index)) }
    /// A resource without scopes has sessions without scopes.
    func scope(_ index: Int) throws -> ScopeSet {
        let text = try text(index)
        return text.isEmpty ? [] : try Self.scopes.value(text)
    }
}
