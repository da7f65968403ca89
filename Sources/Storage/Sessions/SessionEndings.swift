package import OAuth

/// The sessions that one cause ended. Many sessions are ended in steps of one transaction each, so that no other write waits
/// long; the records and events of a step are in its transaction.
package struct EndedSessions: Sendable {
    /// The number of sessions that are listed; further ones are only counted.
    package static let mostNamed = 10_000

    /// The number of ended sessions.
    package private(set) var count = 0
    /// The first ended sessions, as they are after their end.
    package private(set) var sessions: [Session] = []
    /// The ids of the endings that further steps finish.
    fileprivate var unfinished: [String] = []

    /// No session ended yet.
    package init() {}

    /// Adds what another part of the same transaction ended, or began to end.
    package mutating func merge(_ other: EndedSessions) {
        count += other.count
        sessions += other.sessions.prefix(Self.mostNamed - sessions.count)
        unfinished += other.unfinished
    }

    /// Counts a session that was ended by itself.
    package mutating func countOne() { count += 1 }

    fileprivate mutating func add(_ step: [Session]) {
        count += step.count
        sessions += step.prefix(Self.mostNamed - sessions.count)
    }
}

extension Sessions {
    /// The number of sessions that one transaction ends: a few hundredths of a second.
    private static let step = 250

    /// Ends the live sessions that match, oldest first. If they are many, this is the first
    /// step and the rest is stored: `Store.endRest` or the housekeeper finishes it.
    package func end(_ filter: SessionFilter, _ ending: SessionEnding) throws -> EndedSessions {
        try end([filter], ending)
    }

    /// Ends the sessions that match any of the filters.
    package func end(_ filters: [SessionFilter], _ ending: SessionEnding) throws -> EndedSessions {
        var all = EndedSessions()
        for filter in filters {
            guard all.count < Self.step else {
                all.unfinished.append(try transaction.unfinishedEndings.insert(filter, ending, after: .beginning))
                continue
            }
            let (ended, last) = try endStep(filter, ending, after: nil, upTo: nil)
            all.add(ended)
            if let last {
                all.unfinished.append(try transaction.unfinishedEndings.insert(filter, ending, after: last))
            }
        }
        return all
    }

    /// Does the next step of an ending; `isFinished` if no further step follows.
    fileprivate func endStep(of id: String, at now: Timestamp?) throws -> (ended: [Session], isFinished: Bool) {
        guard let begun = try transaction.unfinishedEndings.find(id) else { return ([], true) }
        let (ended, last) = try endStep(
            begun.filter, now.map(begun.ending.moved) ?? begun.ending, after: begun.cursor, upTo: begun.lastRow)
        if let last {
            try transaction.unfinishedEndings.advance(id, to: last)
        } else {
            try transaction.unfinishedEndings.delete(id)
        }
        return (ended, last == nil)
    }

    /// Ends the sessions of one step and returns them, with the place behind which the next step begins; nil if none follows.
    private func endStep(
        _ filter: SessionFilter, _ ending: SessionEnding, after cursor: SessionCursor?, upTo row: Int64?
    ) throws -> (ended: [Session], last: SessionCursor?) {
        let live = try live(filter, after: cursor, upTo: row, limit: Self.step)
        let ended = try live.compactMap { try end($0, ending) }
        return (ended, live.count == Self.step ? live.last.map { SessionCursor(after: $0) } : nil)
    }
}

extension Sessions {
    /// The number of live sessions that the further steps of these endings find now.
    package func remaining(of begun: EndedSessions, now: Timestamp) throws -> Int64 {
        try begun.unfinished.reduce(0) { count, id in
            guard let ending = try transaction.unfinishedEndings.find(id) else { return count }
            return count + (try transaction.sessionReports.liveCounts(ending.filter, now: now).sessions)
        }
    }
}

extension Store {
    /// Ends every session that matches, in steps.
    package func endSessions(_ filter: SessionFilter, _ ending: SessionEnding) async throws -> EndedSessions {
        try await endRest(of: try await write { try $0.sessions.end(filter, ending) })
    }

    /// Finishes what a transaction began, step by step, and returns all that it ended.
    package func endRest(of begun: EndedSessions) async throws -> EndedSessions {
        let ids = begun.unfinished
        guard !ids.isEmpty else { return begun }
        memory.endingsUnderWay.claim(ids)
        defer { memory.endingsUnderWay.release(ids) }
        return try await finish(begun, at: nil)
    }

    /// Finishes the endings that a crash or a full disk interrupted, and returns the number of sessions that it ended. An
    /// ending that fails does not stop the others; the first error is thrown after them.
    package func finishEndings(now: Timestamp) async throws -> Int {
        var count = 0
        var failure: (any Error)?
        // A write, because a stopping server interrupts reads and not writes.
        for id in try await write({ try $0.unfinishedEndings.ids() })
        where memory.endingsUnderWay.claim(id) {
            defer { memory.endingsUnderWay.release([id]) }
            var begun = EndedSessions()
            begun.unfinished = [id]
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
        while let id = ended.unfinished.first {
            let step = try await write { try $0.sessions.endStep(of: id, at: now) }
            ended.add(step.ended)
            if step.isFinished { ended.unfinished.removeFirst() }
        }
        return ended
    }
}
