package import JOSE
package import OAuth

/// A sealed value and the row that it is bound to: it cannot be opened for another row.
package struct SealedValue: Hashable, Sendable {
    /// The tables with a sealed column. Every one is listed here: a value that is not resealed is lost once its sealing key
    /// ends.
    package enum Table: CaseIterable, Sendable {
        case connections, attempts, providers, elicitations, identityProviders, signInAttempts,
            upstreamRefreshTokens
    }

    /// The row of a sealed value.
    package enum Place: Hashable, Sendable {
        case connection(ConnectionID)
        /// The attempt with this digest of its `state`.
        case attempt(Digest)
        case provider(ProviderName)
        case elicitation(ElicitationID, ElicitationKind)
        case identityProvider(ProviderName)
        /// The sign-in with this digest of its `state`.
        case signInAttempt(Digest)
        /// The refresh token of the account at an identity provider with this key.
        case upstreamRefreshToken(Digest)
    }

    package let place: Place
    package let bytes: [UInt8]
    /// The position of the row in the order of its table.
    package let cursor: String

    fileprivate init(_ place: Place, _ row: StoredRow) throws {
        self.place = place
        bytes = try row.bytes(1)
        cursor = try row.text(2)
    }
}

/// One page of the sealed values of a table.
package struct SealedPage: Sendable {
    /// The values of readable rows.
    package fileprivate(set) var values: [SealedValue] = []
    /// The positions of rows that do not parse.
    package fileprivate(set) var unreadable: [String] = []
    /// The position behind which the next page begins; nil after the last page.
    package let next: String?

    fileprivate init(next: String?) { self.next = next }
}

/// All sealed values of the database.
package struct SealedValues: Noun {
    let transaction: Transaction
}

extension SealedValues {
    /// At most `limit` sealed values of a table, behind a position.
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
            case .identityProviders: try SealedValue(.identityProvider(ProviderName(row.text(0))), row)
            case .signInAttempts: try SealedValue(.signInAttempt(row.digest(0)), row)
            case .upstreamRefreshTokens: try SealedValue(.upstreamRefreshToken(row.digest(0)), row)
            }
        }
    }

    /// At most `limit` sealed values of a table, behind a position, apart from unreadable rows: one of these must not keep
    /// the other values from being resealed.
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
            // A page of one row behind each position shows which row does not parse.
            for (before, place) in zip([cursor] + places, places) {
                let value = try? list(in: table, after: before, limit: 1).first
                if let value { page.values.append(value) } else { page.unreadable.append(place) }
            }
        }
        return page
    }

    /// Replaces a sealed value, unless it changed after it was read.
    package func replace(_ value: SealedValue, with bytes: [UInt8]) throws {
        let (names, key): (SealedValue.Table.Names, Value) =
            switch value.place {
            case .connection(let id): (SealedValue.Table.connections.names, id.string)
            case .attempt(let digest): (SealedValue.Table.attempts.names, digest.stored)
            case .provider(let name): (SealedValue.Table.providers.names, name.string)
            case .elicitation(let id, _): (SealedValue.Table.elicitations.names, id.string)
            case .identityProvider(let name): (SealedValue.Table.identityProviders.names, name.string)
            case .signInAttempt(let digest): (SealedValue.Table.signInAttempts.names, digest.stored)
            case .upstreamRefreshToken(let key): (SealedValue.Table.upstreamRefreshTokens.names, key.stored)
            }
        try execute(
            "UPDATE \(names.table) SET \(names.value) = ?2 WHERE \(names.key) = ?1 AND \(names.value) = ?3", key,
            bytes.stored, value.bytes.stored)
    }

    /// The number of sealed values.
    package func count() throws -> Int64 {
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
        /// The SQL of the text by which the rows are ordered.
        let order: String
        /// The SQL of the kind, on which the context of the seal depends.
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
        case .identityProviders:
            Names(table: "identity_providers", key: "name", value: "client_secret", order: "name")
        case .signInAttempts:
            Names(table: "sign_in_attempts", key: "state_digest", value: "proof", order: "hex(state_digest)")
        case .upstreamRefreshTokens:
            Names(table: "upstream_refresh_tokens", key: "account", value: "token", order: "hex(account)")
        }
    }
}
