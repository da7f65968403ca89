package import OAuth

extension AuditAction {
    /// What programs do by themselves and can repeat as fast as they like.
    static let frequent: [AuditAction] = [.tokenRefreshed, .tokenRepeated, .elicitationRead, .connectionUsed]
}

extension AuditEntry {
    /// How a record says that it stands for many.
    static func tally(of count: Int64, from first: Timestamp, to last: Timestamp) -> String {
        "\(count) more from \(first.rfc3339) to \(last.rfc3339)"
    }

    /// How many deeds a record stands for: one, unless it closes a tally.
    package var count: Int64 {
        let words = (reason ?? "").split(separator: " ")
        guard AuditAction.frequent.contains(action), words.count == 6, words[1...2] == ["more", "from"],
            words[4] == "to", let count = Int64(words[0]), (1...1_000_000_000).contains(count)
        else { return 1 }
        return count
    }
}

extension AuditTrail {
    /// How many records of one kind a session makes in a minute. What it does beyond them is counted, and one record says so.
    package static let frequentPerMinute: Int64 = 60

    /// Records what a session did, or counts it in this very transaction where the session did the same very often within the
    /// minute. What is counted is chained as one record by the first one of a later minute, by the session's end, or by the
    /// housekeeper, so that nothing is lost with the process.
    package func appendFrequent(_ entry: AuditEntry) throws {
        guard let tallies = writerMemory?.auditChain.tallies, let session = entry.session, AuditAction.frequent.contains(entry.action)
        else {
            try append(entry)
            return
        }
        try loadTallies()
        let key = TallyCounts.Key(session: session, action: entry.action)
        let minute = entry.at.seconds / 60
        tallies.sweep(at: minute)
        var count = tallies[key] ?? TallyCounts.Count(minute: minute, seen: 0, isOpen: false)
        // Requests of one minute may be written after those of the next; they count with them.
        if minute > count.minute {
            if count.isOpen { try chainTally(key) }
            count = TallyCounts.Count(minute: minute, seen: 0, isOpen: false)
        }
        count.seen += 1
        if count.seen <= Self.frequentPerMinute {
            try append(entry)
        } else {
            try raise(entry, of: session, minute: count.minute)
            count.isOpen = true
        }
        tallies[key] = count
    }

    /// Chains what was counted of a session, before its end is.
    func chainTallies(of session: SessionID) throws {
        guard let tallies = writerMemory?.auditChain.tallies else { return }
        try loadTallies()
        for action in AuditAction.frequent {
            let key = TallyCounts.Key(session: session, action: action)
            if tallies[key]?.isOpen == true { try chainTally(key) }
        }
    }

    /// Chains what was counted, but what this minute still counts; `now` nil leaves nothing out. Returns how many tallies.
    @discardableResult
    package func chainTallies(now: Timestamp?, limit: Int) throws -> Int {
        try loadTallies()
        let due = try all(
            "SELECT session_id, action FROM audit_tallies WHERE minute IS NOT ?1 ORDER BY minute LIMIT ?2",
            now.map { $0.seconds / 60 }, limit
        ) { TallyCounts.Key(session: try $0.id(0), action: AuditAction(rawValue: try $0.text(1))) }
        for key in due { try chainTally(key) }
        return due.count
    }

    /// How many deeds are counted and not chained yet.
    package func tallied() throws -> Int64 {
        try first("SELECT coalesce(sum(count), 0) FROM audit_tallies") { try $0.integer(0) } ?? 0
    }

    private func loadTallies() throws {
        guard let tallies = writerMemory?.auditChain.tallies, !tallies.isLoaded else { return }
        tallies.load(
            try all("SELECT session_id, action, minute FROM audit_tallies") { row in
                let key = TallyCounts.Key(session: try row.id(0), action: AuditAction(rawValue: try row.text(1)))
                return (
                    key, TallyCounts.Count(minute: try row.integer(2), seen: Self.frequentPerMinute, isOpen: true)
                )
            })
    }

    private func raise(_ entry: AuditEntry, of session: SessionID, minute: Int64) throws {
        // An id that not all of them are about would say too much.
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

    /// Puts a record for a tally into the chain, in place of its row.
    private func chainTally(_ key: TallyCounts.Key) throws {
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
        // It is of many requests, so it bears the id of none.
        if let entry { try chain(entry) }
    }
}
