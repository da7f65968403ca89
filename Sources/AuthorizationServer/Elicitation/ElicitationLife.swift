import OAuth
import Storage

extension Elicitation {
    /// How it has to end now although nobody did anything; nil while it stands, or is over.
    func ending(in transaction: Transaction, now: Timestamp) throws -> ElicitationOutcome? {
        guard status.isOpen else { return nil }
        if expiresAt <= now { return .expired }
        guard let session = try transaction.grant(sessionID), Gate.refusal(session, now: now) == nil else {
            return .sessionEnded
        }
        return nil
    }

    /// The elicitation as it is at `now`: one whose time or session is over becomes final before anybody acts on it,
    /// whenever housekeeping would have come by.
    func settled(in transaction: Transaction, now: Timestamp) throws -> Elicitation {
        guard let outcome = try ending(in: transaction, now: now) else { return self }
        return try transaction.finish(id, as: outcome, now: now) ?? transaction.elicitation(id) ?? self
    }
}
