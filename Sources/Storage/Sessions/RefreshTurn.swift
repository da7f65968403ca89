package import OAuth

/// What a presented refresh generation means.
package enum TurnVerdict: Hashable, Sendable {
    /// It was the current one; this is the next, and the only one from now on.
    case turned(UInt32)
    /// It was superseded a moment ago; this is the current one, handed out again.
    case repeated(UInt32)
    /// It was superseded too long ago, or never made: it was stolen or the database restored. The caller ends the
    /// session.
    case reused
}

/// The rule of refresh generations: a counter, never a time, says which one is current.
enum RefreshRule {
    static func verdict(
        presented: UInt32, current: UInt32, turns: [Timestamp], now: Timestamp, grace: Int64
    ) -> TurnVerdict {
        if presented == current {
            // The last one has no successor: a person approves anew rather than a counter starting over.
            return current > 0 && current < .max ? .turned(current + 1) : .reused
        }
        guard presented < current, grace > 0 else { return .reused }
        // The row keeps the last four turns: generation current - 1 was superseded by the latest of them.
        let turnsAgo = Int(current - presented) - 1
        // A turn that lies ahead was written before the clock was set back: nobody knows how long ago it was.
        guard turnsAgo < turns.count, (0..<grace).contains(now - turns[turnsAgo]) else { return .reused }
        return .repeated(current)
    }
}

extension Sessions {
    /// Takes a generation of a session in good standing: turns it, repeats its successor, or calls it reused.
    ///
    /// `session` must have been read in this transaction. Reuse changes nothing here, so that the caller can end the
    /// session with its event and its record.
    package func turn(
        _ session: SessionGrant, presented: UInt32, now: Timestamp, grace: Int64
    ) throws -> TurnVerdict {
        let verdict = RefreshRule.verdict(
            presented: presented, current: session.generation, turns: session.turns, now: now, grace: grace)
        let isWritten: Int
        switch verdict {
        case .turned(let next):
            isWritten = try execute(
                """
                UPDATE sessions SET generation = ?3, turn_4 = turn_3, turn_3 = turn_2, turn_2 = turn_1, turn_1 = ?4,
                    last_used_at = max(last_used_at, ?4)
                WHERE id = ?1 AND generation = ?2 AND state = 'active'
                """, session.id.string, Int64(session.generation), Int64(next), now.seconds)
        case .repeated:
            isWritten = try execute(
                """
                UPDATE sessions SET last_used_at = max(last_used_at, ?3)
                WHERE id = ?1 AND generation = ?2 AND state = 'active'
                """, session.id.string, Int64(session.generation), now.seconds)
        case .reused:
            return .reused
        }
        guard isWritten == 1 else { throw StoreError.constraint("the session is not the one that was read") }
        return verdict
    }
}
