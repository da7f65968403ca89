import OAuth
import Synchronization

/// Values by the text that they were parsed from: sessions name the same few clients, MCP servers and scopes over and
/// over, and parsing them is a good part of the cost of reading a session.
///
/// The table is emptied when it is full, so that strangers' client ids cannot fill the memory.
final class ParsedValues<Parsed: Sendable>: Sendable {
    private static var capacity: Int { 1_000 }

    private let values = Mutex<[String: Parsed]>([:])
    private let parse: @Sendable (String) throws -> Parsed

    init(_ parse: @escaping @Sendable (String) throws -> Parsed) {
        self.parse = parse
    }

    /// Parses the text, or returns the value that it was parsed to before.
    func value(_ text: String) throws -> Parsed {
        // Swift calls texts of different bytes equal beyond ASCII; no identifier goes there.
        guard text.utf8.allSatisfy({ $0 < 0x80 }) else { return try parse(text) }
        if let value = values.withLock({ $0[text] }) { return value }
        let value = try parse(text)
        values.withLock { values in
            if values.count >= Self.capacity { values.removeAll() }
            values[text] = value
        }
        return value
    }
}

/// The identifiers that most rows repeat, each kind by its text.
final class ParsedIdentifiers: Sendable {
    let clients = ParsedValues { try ClientID($0) }
    let resources = ParsedValues { try ResourceIdentifier($0) }
    let scopes = ParsedValues { try ScopeSet(parsing: $0) }
}

extension StoredRow {
    func client(_ index: Int) throws -> ClientID { try identifiers.clients.value(text(index)) }
    func resource(_ index: Int) throws -> ResourceIdentifier { try identifiers.resources.value(text(index)) }

    /// An empty text is the empty set: a resource without scopes has sessions without scopes.
    func scope(_ index: Int) throws -> ScopeSet {
        let text = try text(index)
        return text.isEmpty ? [] : try identifiers.scopes.value(text)
    }
}
