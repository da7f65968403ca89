package import OAuth

/// The verdict on the generation of a presented refresh token.
package enum TurnVerdict: Hashable, Sendable {
    /// It was current; this is the next generation, the only current one from now on.
    case turned(UInt32)
    /// It was superseded within the grace period; this is the current generation, to be issued again.
    case repeated(UInt32)
    /// It was superseded before the grace period, or never issued: the token was stolen, or the database restored. The caller
    /// ends the session.
    case reused
}

/// The rule of refresh generations: a counter, never a time, decides which one is current.
enum RefreshRule {
    /// The verdict on a presented generation; `grace` is in seconds, `turns` are the last turn times, latest first.
    static func verdict(
        presented: UInt32, current: UInt32, turns: [Timestamp], now: Timestamp, grace: Int64
    ) -> TurnVerdict {
        if presented == current {
            // The last generation has no successor: the user approves anew rather than the counter starting over.
            return current > 0 && current < .max ? .turned(current + 1) : .reused
        }
        guard presented < current, grace > 0 else { return .reused }
        // The row keeps the last four turns: generation current - 1 was superseded by the latest of them.
        let turnsAgo = Int(current - presented) - 1
        // A turn in the future was written before the clock was set back, so its age is unknown.
        guard turnsAgo < turns.count, (0..<grace).contains(now - turns[turnsAgo]) else { return .reused }
        return .repeated(current)
    }
}

extension Sessions {
    /// Advances the generation of a session for a presented refresh token, or repeats the current one.
    ///
    /// `session` must be valid and read in this transaction. For a reused token nothing changes here, and the caller ends the
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
