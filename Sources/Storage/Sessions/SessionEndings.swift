import JOSE
package import OAuth

/// What one cause ended. Many are ended in steps, so that no other write waits long; each step is whole with its records.
package struct EndedSessions: Sendable {
    /// The most that are named; more are only counted.
    package static let mostNamed = 10_000

    /// How many were ended.
    package private(set) var count = 0
    /// The first of them, as they are now.
    package private(set) var sessions: [Session] = []
    /// What is left to do, by the ids under which it is written down.
    fileprivate var rest: [String] = []

    /// Nothing yet.
    package init() {}

    fileprivate mutating func add(_ step: [Session]) {
        count += step.count
        sessions += step.prefix(Self.mostNamed - sessions.count)
    }
}

extension Sessions {
    /// How many are ended in one transaction: a few hundredths of a second.
    private static let step = 250

    /// Ends the sessions that match, oldest first; a filter's own state is not asked. Where there are many this is the
    /// first step, and the rest is written down: `endRest` does it, or else the housekeeper.
    package func end(_ filter: SessionFilter, _ ending: SessionEnding) throws -> EndedSessions {
        try end([filter], ending)
    }

    /// The same for sessions that match any of several filters.
    package func end(_ filters: [SessionFilter], _ ending: SessionEnding) throws -> EndedSessions {
        var all = EndedSessions()
        for filter in filters {
            guard all.count < Self.step else {
                all.rest.append(try note(filter, ending, after: .beginning))
                continue
            }
            let (ended, last) = try endStep(filter, ending, after: nil, upTo: nil)
            all.add(ended)
            if let last { all.rest.append(try note(filter, ending, after: last)) }
        }
        return all
    }

    /// One more step of what was begun; the second value is nil once there is none left.
    fileprivate func endStep(of id: String, at now: Timestamp?) throws -> (ended: [Session], rest: String?) {
        guard let begun = try unfinished(id) else { return ([], nil) }
        let (ended, last) = try endStep(
            begun.filter, now.map(begun.ending.moved) ?? begun.ending, after: begun.cursor, upTo: begun.lastRow)
        guard let last else {
            try execute("DELETE FROM endings WHERE id = ?1", id)
            return (ended, nil)
        }
        try execute(
            "UPDATE endings SET after_created_at = ?2, after_id = ?3 WHERE id = ?1", id, last.position,
            last.id.string)
        return (ended, id)
    }

    /// The sessions that a step ended, and behind which one the next step goes on; nil when there is none.
    private func endStep(
        _ filter: SessionFilter, _ ending: SessionEnding, after cursor: SessionCursor?, upTo row: Int64?
    ) throws -> (ended: [Session], last: SessionCursor?) {
        let live = try live(filter, after: cursor, upTo: row, limit: Self.step)
        let ended = try live.compactMap { try end($0, ending) }
        return (ended, live.count == Self.step ? live.last.map { SessionCursor(after: $0) } : nil)
    }
}

/// An end of many that is not through yet.
private struct UnfinishedEnding {
    let filter: SessionFilter
    let ending: SessionEnding
    let cursor: SessionCursor
    /// What was approved later is not meant.
    let lastRow: Int64
}

extension Sessions {
    private func note(_ filter: SessionFilter, _ ending: SessionEnding, after cursor: SessionCursor) throws -> String {
        var kept = filter
        kept.state = nil
        guard try SessionFilter(json: filter.json) == kept else { throw SessionFilter.unreadable }
        let id = Random.token(16)
        let who = ending.columns
        try execute(
            """
            INSERT INTO endings (
                id, filter, reason, initiator, actor, admin_uid, admin_claimed, explanation, last_row, after_created_at,
                after_id, started_at)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, (SELECT coalesce(max(rowid), 0) FROM sessions), ?9, ?10, ?11)
            """, id, filter.json.text, ending.reason.rawValue, ending.initiator.rawValue, who.actor, who.adminUID,
            who.adminClaimed, ending.explanation, cursor.position, cursor.id.string, ending.at.seconds)
        return id
    }

    private func unfinished(_ id: String) throws -> UnfinishedEnding? {
        try first(
            """
            SELECT filter, reason, initiator, actor, admin_uid, admin_claimed, explanation, last_row, after_created_at,
                after_id, started_at FROM endings WHERE id = ?1
            """, id
        ) { row in
            try UnfinishedEnding(
                // As many ids as somebody named; it was within bounds when it came.
                filter: SessionFilter(
                    json: JSONObject(
                        parsing: Array(row.text(0).utf8), limits: JSON.Limits(bytes: .max, members: .max))),
                ending: SessionEnding(
                    reason: EndReason(rawValue: row.text(1)),
                    initiator: row.parsed(SessionEnding.Initiator(rawValue: row.text(2))),
                    actor: row.parsed(
                        AuditColumns.actor(row.text(3), uid: row.integerIfAny(4), claimed: row.textIfAny(5))),
                    explanation: row.textIfAny(6), at: row.time(10)),
                cursor: SessionCursor(position: row.integer(8), id: row.id(9)), lastRow: row.integer(7))
        }
    }

    fileprivate func unfinishedEndings() throws -> [String] {
        try all("SELECT id FROM endings ORDER BY started_at, id") { try $0.text(0) }
    }
}

extension SessionFilter {
    /// What is kept of it between two steps; a state is not asked.
    fileprivate var json: JSONObject {
        var object = JSONObject()
        if !ids.isEmpty { object["ids"] = .strings(ids.map(\.string)) }
        object["user"] = user.map { .string($0.string) }
        object["client"] = client.map { .string($0.string) }
        object["host"] = host.map(JSON.string)
        object["resource"] = resource.map { .string($0.string) }
        object["idle_since"] = idleSince.map { .integer($0.seconds) }
        if !refreshKeys.isEmpty { object["refresh_keys"] = .strings(refreshKeys) }
        return object
    }

    /// Reads it back. What does not parse must not widen the filter.
    fileprivate init(json: JSONObject) throws {
        func id<Kind>(_ name: String) throws -> Identifier<Kind>? {
            try json[name].map { value in
                guard let id = value.string.flatMap({ Identifier<Kind>($0) }) else { throw Self.unreadable }
                return id
            }
        }
        let ids = try (json["ids"]?.array ?? []).map { value in
            guard let id = value.string.flatMap({ SessionID($0) }) else { throw Self.unreadable }
            return id
        }
        try self.init(
            ids: ids, user: id("user"), client: json["client"]?.string.map { try ClientID($0) },
            host: json["host"]?.string, resource: id("resource"),
            idleSince: json["idle_since"]?.integer.map { Timestamp(seconds: $0) },
            refreshKeys: json["refresh_keys"]?.strings ?? [])
        guard self.json == json else { throw Self.unreadable }
    }

    fileprivate static let unreadable = StoreError.failed("what was left of an end of sessions does not parse")
}

extension Store {
    /// Ends every session that matches, in steps.
    package func endSessions(_ filter: SessionFilter, _ ending: SessionEnding) async throws -> EndedSessions {
        try await endRest(of: try await write { try $0.sessions.end(filter, ending) })
    }

    /// Goes on, step by step, with what a transaction began, and returns all that it ended.
    package func endRest(of begun: EndedSessions) async throws -> EndedSessions {
        let ids = begun.rest
        guard !ids.isEmpty else { return begun }
        memory.endingsUnderWay.claim(ids)
        defer { memory.endingsUnderWay.release(ids) }
        return try await finish(begun, at: nil)
    }

    /// Finishes what was begun and broken off, by a crash or a disk that was full for a while; returns how many it ended.
    /// One that cannot be finished keeps no other from it; its error is thrown in the end.
    package func finishEndings(now: Timestamp) async throws -> Int {
        var count = 0
        var failure: (any Error)?
        // A write is not broken off where a read would be, when the server stops meanwhile.
        for id in try await write({ try $0.sessions.unfinishedEndings() })
        where memory.endingsUnderWay.claim(id) {
            defer { memory.endingsUnderWay.release([id]) }
            var begun = EndedSessions()
            begun.rest = [id]
            do {
                count += try await finish(begun, at: now).count
            } catch {
                failure = failure ?? error
            }
        }
        if let failure { throw failure }
        return count
    }

    private func finish(_ begun: EndedSessions, at now: Timestamp?) async throws -> EndedSessions {
        var ended = begun
        while let id = ended.rest.first {
            let step = try await write { try $0.sessions.endStep(of: id, at: now) }
            ended.add(step.ended)
            if step.rest == nil { ended.rest.removeFirst() }
        }
        return ended
    }
}
