package import OAuth

/// What the main chain says of a key that was put out of use: its purpose and its name.
///
/// The keys' folder knows the same. A database from before lacks the record, an older folder lacks the end: by each of the two
/// the other is recognised.
package struct KeyEnd: Hashable, Sendable {
    /// The purpose, as the command line names it.
    package let purpose: String
    /// The key's name.
    package let id: String

    /// The end of a key.
    package init(purpose: String, id: String) {
        self.purpose = purpose
        self.id = id
    }

    /// Reads it as a record says it.
    init?(_ reason: String) {
        let words = reason.split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == 2 else { return nil }
        self.init(purpose: String(words[0]), id: String(words[1]))
    }

    /// How a record says it.
    var reason: String { "\(purpose) \(id)" }
}

extension AuditTrail {
    /// The keys of which the main chain says that they were put out of use, by their names, and when it first says so.
    package func keysPutOutOfUse() throws -> [String: Timestamp] {
        let said = try all(
            """
            SELECT action, reason, at FROM audit INDEXED BY ended_keys
            WHERE \(EndedKeys.condition) AND reason IS NOT NULL ORDER BY sequence
            """
        ) { (AuditAction(rawValue: try $0.text(0)), try $0.text(1), try $0.time(2)) }
        return said.reduce(into: [:]) { ended, said in
            let id = said.0 == .keyEnded ? KeyEnd(said.1)?.id : AuditKeyEnd(said.1)?.kid
            if let id, ended[id] == nil { ended[id] = said.2 }
        }
    }

    /// Leaves a record of each of these keys that has none: it was put out of use, and what stood on it ended or was made anew.
    package func append(putOutOfUse ends: [KeyEnd], at now: Timestamp) throws {
        let said = Set(try saidEnds())
        for end in ends where !said.contains(end.reason) { try append(end, at: now) }
    }

    /// Says all of it again: the records that said it may be among those that go.
    func nameKeysPutOutOfUse(at now: Timestamp) throws {
        for reason in Set(try saidEnds()).sorted() {
            if let end = KeyEnd(reason) { try append(end, at: now) }
        }
    }

    private func saidEnds() throws -> [String] {
        try all(
            """
            SELECT reason FROM audit INDEXED BY ended_keys
            WHERE \(EndedKeys.condition) AND action = ?1 AND reason IS NOT NULL
            """, AuditAction.keyEnded.rawValue
        ) { try $0.text(0) }
    }

    private func append(_ end: KeyEnd, at now: Timestamp) throws {
        try append(AuditEntry(.keyEnded, at: now, actor: .system, reason: end.reason, initiator: .system))
    }
}
