package import JOSE
package import OAuth

/// A sealed value and the row that it is sealed for.
package struct SealedValue: Hashable, Sendable {
    /// Where sealed values lie. Every column that holds some is named here: what is forgotten cannot be opened any more once
    /// a sealing key is put out of use.
    package enum Table: CaseIterable, Sendable {
        case connections, attempts, providers, elicitations
    }

    /// The row.
    package enum Place: Hashable, Sendable {
        case connection(ConnectionID)
        /// By the digest of its `state`.
        case attempt(Digest)
        case provider(ProviderName)
        case elicitation(ElicitationID, ElicitationKind)
    }

    package let place: Place
    package let bytes: [UInt8]
    /// The row's place in the order of its table.
    package let cursor: String

    fileprivate init(_ place: Place, _ row: StoredRow) throws {
        self.place = place
        bytes = try row.bytes(1)
        cursor = try row.text(2)
    }
}

/// Some sealed values of a table.
package struct SealedPage: Sendable {
    /// Those that can be read.
    package fileprivate(set) var values: [SealedValue] = []
    /// The places of rows that do not parse.
    package fileprivate(set) var unreadable: [String] = []
    /// Where the next page begins; nil when there is none.
    package let next: String?

    fileprivate init(next: String?) { self.next = next }
}

/// Everything that is kept sealed.
package struct SealedValues: Noun {
    let transaction: Transaction
}

extension SealedValues {
    /// The next sealed values of a table behind a place in its order.
    package func list(in table: SealedValue.Table, after cursor: String, limit: Int) throws -> [SealedValue] {
        let names = table.names
        return try all(
            """
            SELECT \(names.key), \(names.value), \(names.order), \(names.kind) FROM \(names.table)
            WHERE \(names.value) IS NOT NULL AND \(names.order) > ?1 ORDER BY \(names.order) LIMIT ?2
            """, cursor, limit
        ) { row in
            switch table {
            case .connections: try SealedValue(.connection(row.id(0)), row)
            case .attempts: try SealedValue(.attempt(row.digest(0)), row)
            case .providers: try SealedValue(.provider(ProviderName(row.text(0))), row)
            case .elicitations:
                try SealedValue(
                    .elicitation(row.id(0), row.parsed(ElicitationKind(rawValue: row.text(3)))), row)
            }
        }
    }

    /// The same, with the rows that cannot be read told apart: one of them keeps no other value from being sealed anew.
    package func sealedPage(of table: SealedValue.Table, after cursor: String, limit: Int) throws -> SealedPage {
        let names = table.names
        let places = try all(
            """
            SELECT \(names.order) FROM \(names.table)
            WHERE \(names.value) IS NOT NULL AND \(names.order) > ?1 ORDER BY \(names.order) LIMIT ?2
            """, cursor, limit
        ) { try $0.text(0) }
        var page = SealedPage(next: places.count == limit ? places.last : nil)
        do {
            page.values = try list(in: table, after: cursor, limit: limit)
        } catch {
            // The place before each one leads to it alone.
            for (before, place) in zip([cursor] + places, places) {
                let value = try? list(in: table, after: before, limit: 1).first
                if let value { page.values.append(value) } else { page.unreadable.append(place) }
            }
        }
        return page
    }

    /// Puts bytes in the place of a sealed value, if it still is what was read.
    package func replace(_ value: SealedValue, with bytes: [UInt8]) throws {
        let (names, key): (SealedValue.Table.Names, Value) =
            switch value.place {
            case .connection(let id): (SealedValue.Table.connections.names, id.string)
            case .attempt(let digest): (SealedValue.Table.attempts.names, digest.stored)
            case .provider(let name): (SealedValue.Table.providers.names, name.string)
            case .elicitation(let id, _): (SealedValue.Table.elicitations.names, id.string)
            }
        try execute(
            "UPDATE \(names.table) SET \(names.value) = ?2 WHERE \(names.key) = ?1 AND \(names.value) = ?3", key,
            bytes.stored, value.bytes.stored)
    }

    /// How many sealed values there are.
    package func list() throws -> Int64 {
        try SealedValue.Table.allCases.reduce(0) { count, table in
            let names = table.names
            return count
                + (try first("SELECT count(*) FROM \(names.table) WHERE \(names.value) IS NOT NULL") {
                    try $0.integer(0)
                } ?? 0)
        }
    }
}

extension SealedValue.Table {
    fileprivate struct Names {
        let table: String
        let key: String
        let value: String
        /// What the rows are walked along by, as text.
        let order: String
        /// What else the context of the sealing depends on.
        var kind = "NULL"
    }

    fileprivate var names: Names {
        switch self {
        case .connections: Names(table: "connections", key: "id", value: "tokens", order: "id")
        case .attempts:
            Names(table: "connection_attempts", key: "state_digest", value: "proof", order: "hex(state_digest)")
        case .providers: Names(table: "providers", key: "name", value: "client_secret", order: "name")
        case .elicitations:
            Names(table: "elicitations", key: "id", value: "content", order: "id", kind: "kind")
        }
    }
}
