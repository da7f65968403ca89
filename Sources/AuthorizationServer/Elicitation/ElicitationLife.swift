import OAuth
import Storage

extension Elicitation {
    /// The elicitation as it is at `now`: one whose time or session is over becomes final before anybody acts on it,
    /// whenever housekeeping would have come by.
    func settled(in transaction: Transaction, now: Timestamp) throws -> Elicitation {
        guard status.isOpen else { return self }
        if expiresAt <= now { return try finished(as: .expired, in: transaction, now: now) }
        guard let session = try transaction.grant(sessionID), Gate.refusal(session, now: now) == nil else {
            return try finished(as: .sessionEnded, in: transaction, now: now)
        }
        return self
    }

    private func finished(
        as outcome: ElicitationOutcome, in transaction: Transaction, now: Timestamp
    ) throws -> Elicitation {
        try transaction.finish(id, as: outcome, now: now) ?? transaction.elicitation(id) ?? self
    }
}
