package import OAuth

/// Selects audit records; a property that is nil selects all.
package struct AuditFilter: Hashable, Sendable {
    /// Records in this user's name or by this user.
    package var user: UserID?
    package var client: ClientID?
    package var resource: ResourceID?
    package var session: SessionID?
    /// An action, or a noun for all its actions: `session` selects `session.ended` too.
    package var action: String?
    /// From this moment on.
    package var since: Timestamp?
    /// Before this moment.
    package var until: Timestamp?
    /// Only reported or only witnessed records.
    package var isReported: Bool?
    package var initiator: AuditEntry.Initiator?

    /// A filter that selects every record.
    package init() {}
}

extension AuditFilter {
    /// Whether the filter selects a record of this entry.
    package func matches(_ entry: AuditEntry) -> Bool {
        if let user, entry.user != user, entry.actor != .person(user) { return false }
        if let action, entry.action.rawValue != action, !entry.action.rawValue.hasPrefix(action + ".") { return false }
        if let since, entry.at < since { return false }
        if let until, entry.at >= until { return false }
        if let isReported, isReported != (entry.evidence != .witnessed) { return false }
        return (client == nil || entry.client == client) && (resource == nil || entry.resource == resource)
            && (session == nil || entry.session == session) && (initiator == nil || entry.initiator == initiator)
    }
}

extension AuditTrail {
    /// Whether a record since then states that sign-ins to this account were held up.
    package func wasHeld(_ user: UserID, since time: Timestamp) throws -> Bool {
        try first(
            "SELECT 1 FROM audit WHERE action = 'person.sign_in_held' AND user_id = ?1 AND at > ?2 LIMIT 1",
            user.string, time.seconds
        ) { _ in true } ?? false
    }

    /// The latest records of the main chain before a number, latest first.
    package func tail(limit: Int = 50, before sequence: Int64 = .max) throws -> [AuditRecord] {
        try tail(.main, AuditFilter(), limit: limit, before: sequence)
    }

    /// The latest records of a chain that match, before a number, latest first.
    package func tail(
        _ chain: AuditChainName, _ filter: AuditFilter, limit: Int, before sequence: Int64 = .max
    ) throws -> [AuditRecord] {
        let table = AuditTable.of(chain)
        return try all(
            """
            SELECT \(AuditTable.selection) FROM \(table.name)
            WHERE \(table.chain) = ?1 AND sequence < ?2 AND \(Self.matching)
            ORDER BY sequence DESC LIMIT ?3
            """, [chain.description, sequence, limit] + Self.values(filter)
        ) { try record($0, in: chain) { try personalFields(chain, $0...$0)[$0] ?? [] } }
    }

    /// The latest records that match, from all chains by time, oldest first.
    package func records(_ filter: AuditFilter, limit: Int) throws -> [AuditRecord] {
        let main = try tail(.main, filter, limit: limit)
        let reported = filter.isReported == false ? [] : try reportedTail(filter, limit)
        let all = (main + reported).enumerated().sorted { one, other in
            (other.element.entry.at, one.offset) < (one.element.entry.at, other.offset)
        }
        return all.prefix(limit).map(\.element).reversed()
    }

    /// All chains with records, or with a beginning or a checkpoint although their records are missing; the main one first.
    package func chains() throws -> [AuditChainName] {
        let others = try all(
            """
            SELECT DISTINCT chain FROM audit_reported UNION SELECT chain FROM audit_bases WHERE chain <> 'main'
            UNION SELECT chain FROM audit_checkpoints WHERE chain <> 'main'
            """
        ) { AuditChainName.reported(try $0.id(0)) }
        return [.main] + others
    }

    /// The next records of a chain by their numbers; nil for a record that does not parse.
    func page(
        _ chain: AuditChainName, after sequence: Int64, limit: Int = 1_000
    ) throws -> [(Int64, AuditRecord?)] {
        let table = AuditTable.of(chain)
        let last = try first(
            """
            SELECT max(sequence) FROM (SELECT sequence FROM \(table.name)
                WHERE \(table.chain) = ?1 AND sequence > ?2 ORDER BY sequence LIMIT ?3)
            """, chain.description, sequence, limit
        ) { try $0.integerIfAny(0) }
        guard let last = last ?? nil else { return [] }
        let fields = try personalFields(chain, (sequence + 1)...last)
        return try all(
            """
            SELECT \(AuditTable.selection) FROM \(table.name)
            WHERE \(table.chain) = ?1 AND sequence > ?2 AND sequence <= ?3 ORDER BY sequence
            """, chain.description, sequence, last
        ) { row in (try row.integer(0), try? record(row, in: chain) { fields[$0] ?? [] }) }
    }

    private func reportedTail(_ filter: AuditFilter, _ limit: Int) throws -> [AuditRecord] {
        try all(
            """
            SELECT \(AuditTable.selection), chain FROM audit_reported WHERE \(Self.matching)
            ORDER BY at DESC, chain, sequence DESC LIMIT ?3
            """, [nil, nil, limit] + Self.values(filter)
        ) { row in
            let chain = AuditChainName.reported(try row.id(21))
            return try record(row, in: chain) { try personalFields(chain, $0...$0)[$0] ?? [] }
        }
    }

    /// The personal fields of the records of a chain, by their numbers. An unreadable field is left out and so becomes a defect.
    private func personalFields(
        _ chain: AuditChainName, _ range: ClosedRange<Int64>
    ) throws -> [Int64: [PersonalField]] {
        let found = try all(
            """
            SELECT sequence, field, digest, salt, value, erased_by FROM audit_personal
            WHERE chain = ?1 AND sequence BETWEEN ?2 AND ?3 ORDER BY sequence, field
            """, chain.description, range.lowerBound, range.upperBound
        ) { (try $0.integer(0), try? personalField($0)) }
        return found.reduce(into: [:]) { fields, found in
            if let field = found.1 { fields[found.0, default: []].append(field) }
        }
    }

    private func personalField(_ row: StoredRow) throws -> PersonalField {
        let content: PersonalField.Content =
            if let record = try row.integerIfAny(5) {
                .erased(by: record)
            } else {
                .kept(try row.text(4), salt: try row.bytes(3))
            }
        return try PersonalField(
            row.parsed(PersonalField.Name(rawValue: row.text(1))), digest: row.digest(2), content: content)
    }

    private static let matching = """
        (?4 IS NULL OR user_id = ?4 OR actor = 'person:' || ?4) AND (?5 IS NULL OR client_id = ?5)
        AND (?6 IS NULL OR resource_id = ?6) AND (?7 IS NULL OR session_id = ?7)
        AND (?8 IS NULL OR action = ?8 OR substr(action, 1, length(?8) + 1) = ?8 || '.')
        AND (?9 IS NULL OR at >= ?9) AND (?10 IS NULL OR at < ?10)
        AND (?11 IS NULL OR evidence = ?11) AND (?12 IS NULL OR initiator = ?12)
        """

    private static func values(_ filter: AuditFilter) -> [Value] {
        [
            filter.user?.string, filter.client?.string, filter.resource?.string, filter.session?.string, filter.action,
            filter.since?.seconds, filter.until?.seconds, filter.isReported.map { $0 ? "reported" : "witnessed" },
            filter.initiator?.rawValue,
        ]
    }

    private func record(
        _ row: StoredRow, in chain: AuditChainName, fields: (Int64) throws -> [PersonalField]
    ) throws -> AuditRecord {
        let format = try row.parsed(AuditRecord.Format(rawValue: row.integer(17)))
        let sequence = try row.integer(0)
        let fields = try fields(sequence)
        func text(_ name: PersonalField.Name) -> String? { fields.first { $0.name == name }?.text }
        let inTable = try row.textIfAny(20)
        var entry = try AuditEntry(
            AuditAction(rawValue: row.text(3)), at: row.time(1),
            actor: row.parsed(
                AuditColumns.actor(row.text(2), uid: row.integerIfAny(14), claimed: inTable ?? text(.claimed))),
            user: row.idIfAny(4), client: row.textIfAny(5).map { try ClientID($0) }, resource: row.idIfAny(6),
            session: row.idIfAny(7), outcome: row.parsed(AuditEntry.Outcome(rawValue: row.text(8))),
            reason: row.textIfAny(9), initiator: row.parsed(AuditEntry.Initiator(rawValue: row.text(10))),
            evidence: row.textIfAny(12).map { .reported(by: $0) } ?? .witnessed, correlation: row.textIfAny(13),
            explanation: text(.explanation), address: text(.address),
            changes: text(.changes).flatMap(AuditChange.list) ?? [])
        entry.trace = try row.textIfAny(18).map { try row.parsed(TraceID($0)) }
        // The hash covers the parsed values, so a column that parses to another text must be refused: it could claim anything.
        let columns = AuditColumns(entry)
        guard try columns.evidence == row.text(11), try columns.adminUID == row.integerIfAny(14),
            inTable == (format == .first ? columns.adminClaimed : nil)
        else { throw StoreError.failed("a stored value does not parse") }
        return try AuditRecord(
            chain: chain, format: format, sequence: sequence, entry: entry, fields: fields,
            seal: row.digestIfAny(19), previous: row.digest(15), hash: row.digest(16))
    }
}
