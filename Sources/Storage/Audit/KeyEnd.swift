package import OAuth

/// The end of a key, as a record of the main chain states it: the key's purpose and its name.
///
/// The keys folder states it as well. An older database lacks the record and an older folder lacks the end, so each reveals
/// that the other was restored.
package struct KeyEnd: Hashable, Sendable {
    /// The purpose of the key, as the command line spells it.
    package let purpose: String
    /// The name of the key.
    package let id: String

    /// The end of a key.
    package init(purpose: String, id: String) {
        self.purpose = purpose
        self.id = id
    }

    /// Reads the reason of a record; nil for other words.
    init?(_ reason: String) {
        let words = reason.split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == 2 else { return nil }
        self.init(purpose: String(words[0]), id: String(words[1]))
    }

    /// The reason of the record. It is read back, so its words never change.
    var reason: String { "\(purpose) \(id)" }
}

/// The records of keys that were put out of use.
package struct KeyEnds: Noun {
    let transaction: Transaction
}

extension KeyEnds {
    /// The time of the first record of each ended key, by the name of the key.
    package func times() throws -> [String: Timestamp] {
        let records = try all(
            """
            SELECT action, reason, at FROM audit INDEXED BY ended_keys
            WHERE \(EndedKeys.condition) AND reason IS NOT NULL ORDER BY sequence
            """
        ) { (action: AuditAction(rawValue: try $0.text(0)), reason: try $0.text(1), at: try $0.time(2)) }
        return records.reduce(into: [:]) { times, record in
            let id =
                record.action == .keyEnded ? KeyEnd(record.reason)?.id : CheckpointKeyEnd(record.reason)?.kid
            if let id, times[id] == nil { times[id] = record.at }
        }
    }

    /// Appends a record of each key that has none. The caller has already ended or replaced what depended on the key.
    package func append(_ ends: [KeyEnd], at now: Timestamp) throws {
        let recorded = Set(try reasons())
        for end in ends where !recorded.contains(end.reason) { try append(end, at: now) }
    }

    /// Repeats the records of all ended keys, because shortening may drop the earlier records.
    func repeatRecords(at now: Timestamp) throws {
        for reason in Set(try reasons()).sorted() {
            if let end = KeyEnd(reason) { try append(end, at: now) }
        }
    }

    private func reasons() throws -> [String] {
        try all(
            """
            SELECT reason FROM audit INDEXED BY ended_keys
            WHERE \(EndedKeys.condition) AND action = ?1 AND reason IS NOT NULL
            """, AuditAction.keyEnded.rawValue
        ) { try $0.text(0) }
    }

    private func append(_ end: KeyEnd, at now: Timestamp) throws {
        try transaction.audit.append(
            AuditEntry(.keyEnded, at: now, actor: .system, reason: end.reason, initiator: .system))
    }
}
