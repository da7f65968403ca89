package import OAuth

extension AuditAction {
    /// The actions that programs take without a person and can repeat at any rate.
    static let frequent: [AuditAction] = [
        .tokenIssued, .tokenRefreshed, .tokenRepeated, .elicitationRead, .connectionUsed,
    ]
}

extension AuditEntry {
    /// The reason of a record that closes a tally; `count` reads it back, so its words never change.
    static func tally(of count: Int64, from first: Timestamp, to last: Timestamp) -> String {
        "\(count) more from \(first.rfc3339) to \(last.rfc3339)"
    }

    /// The number of deeds that a record stands for: one, unless it closes a tally.
    package var count: Int64 {
        let words = (reason ?? "").split(separator: " ")
        guard AuditAction.frequent.contains(action), words.count == 6, words[1...2] == ["more", "from"],
            words[4] == "to", let count = Int64(words[0]), (1...1_000_000_000).contains(count)
        else { return 1 }
        return count
    }
}

/// The counts of what sessions repeat too often for a record each.
///
/// A session gets `recordsPerMinute` records of one action in a minute; what it does beyond is counted in a row of
/// `audit_tallies`, in the transaction of the deed, and closed by one record. No program can fill the disk by repeating
/// itself, and nothing is lost with the process.
package struct AuditTallies: Noun {
    let transaction: Transaction
}

extension AuditTallies {
    /// The number of records that one session gets of one action in a minute.
    package static let recordsPerMinute: Int64 = 60

    /// Appends an entry, or counts it if the session has used up its records of the minute. The first entry of a later
    /// minute, the session's end or the housekeeper closes the tally.
    package func append(_ entry: AuditEntry) throws {
        guard let tallies = writerMemory?.auditChain.tallies, let session = entry.session,
            AuditAction.frequent.contains(entry.action)
        else {
            try transaction.audit.append(entry)
            return
        }
        try load()
        let key = TallyCounts.Key(session: session, action: entry.action)
        let minute = entry.at.seconds / 60
        tallies.sweep(at: minute)
        var count = tallies[key] ?? TallyCounts.Count(minute: minute, seen: 0, isOpen: false)
        // A request of one minute may be written after those of the next; it counts with them.
        if minute > count.minute {
            if count.isOpen { try close(key) }
            count = TallyCounts.Count(minute: minute, seen: 0, isOpen: false)
        }
        count.seen += 1
        if count.seen <= Self.recordsPerMinute {
            try transaction.audit.append(entry)
        } else {
            try increment(entry, of: session, minute: count.minute)
            count.isOpen = true
        }
        tallies[key] = count
    }

    /// Closes the tallies of a session, before the record of its end.
    func close(of session: SessionID) throws {
        guard let tallies = writerMemory?.auditChain.tallies else { return }
        try load()
        for action in AuditAction.frequent {
            let key = TallyCounts.Key(session: session, action: action)
            if tallies[key]?.isOpen == true { try close(key) }
        }
    }

    /// Closes at most `limit` tallies, except those of the minute of `now`; nil excepts none. Returns the number of tallies.
    @discardableResult
    package func close(now: Timestamp?, limit: Int) throws -> Int {
        try load()
        let due = try all(
            "SELECT session_id, action FROM audit_tallies WHERE minute IS NOT ?1 ORDER BY minute LIMIT ?2",
            now.map { $0.seconds / 60 }, limit
        ) { TallyCounts.Key(session: try $0.id(0), action: AuditAction(rawValue: try $0.text(1))) }
        for key in due { try close(key) }
        return due.count
    }

    /// The number of deeds that open tallies count.
    package func count() throws -> Int64 {
        try first("SELECT coalesce(sum(count), 0) FROM audit_tallies") { try $0.integer(0) } ?? 0
    }

    private func load() throws {
        guard let tallies = writerMemory?.auditChain.tallies, !tallies.isLoaded else { return }
        tallies.load(
            try all("SELECT session_id, action, minute FROM audit_tallies") { row in
                let key = TallyCounts.Key(session: try row.id(0), action: AuditAction(rawValue: try row.text(1)))
                return (
                    key, TallyCounts.Count(minute: try row.integer(2), seen: Self.recordsPerMinute, isOpen: true)
                )
            })
    }

    /// Counts an entry in the row of its tally.
    private func increment(_ entry: AuditEntry, of session: SessionID, minute: Int64) throws {
        // The record must not claim that all deeds concern one elicitation or connection when only some do.
        try execute(
            """
            INSERT INTO audit_tallies (
                session_id, action, minute, first, last, count, actor, user_id, client_id, resource_id, initiator,
                correlation)
            VALUES (?1, ?2, ?3, ?4, ?4, 1, ?5, ?6, ?7, ?8, ?9, ?10)
            ON CONFLICT (session_id, action) DO UPDATE SET count = count + 1, first = min(first, excluded.first),
                last = max(last, excluded.last),
                correlation = iif(correlation IS excluded.correlation, correlation, NULL)
            """, session.string, entry.action.rawValue, minute, entry.at.seconds, AuditColumns(entry).actor,
            entry.user?.string, entry.client?.string, entry.resource?.string, entry.initiator.rawValue,
            entry.correlation)
    }

    /// Replaces the row of a tally by a record.
    private func close(_ key: TallyCounts.Key) throws {
        let entry = try first(
            """
            DELETE FROM audit_tallies WHERE session_id = ?1 AND action = ?2
            RETURNING actor, user_id, client_id, resource_id, initiator, first, last, count, correlation
            """, key.session.string, key.action.rawValue
        ) { row in
            let last = try row.time(6)
            return try AuditEntry(
                key.action, at: last, actor: row.parsed(AuditColumns.actor(row.text(0), uid: nil, claimed: nil)),
                user: row.idIfAny(1), client: row.textIfAny(2).map { try ClientID($0) }, resource: row.idIfAny(3),
                session: key.session,
                reason: AuditEntry.tally(of: row.integer(7), from: row.time(5), to: last),
                initiator: row.parsed(AuditEntry.Initiator(rawValue: row.text(4))), correlation: row.textIfAny(8))
        }
        writerMemory?.auditChain.tallies[key] = nil
        // The record stands for many requests, so it has the trace id of none.
        if let entry { try transaction.audit.appendUntraced(entry) }
    }
}
