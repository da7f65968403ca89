import OAuth
import Storage

extension StandingRule {
    /// How an elicitation has to end now although nobody did anything; nil while it stands, or is over.
    func ending(
        of asked: Elicitation, in transaction: Transaction, now: Timestamp
    ) throws -> ElicitationOutcome? {
        guard asked.status.isOpen else { return nil }
        if asked.expiresAt <= now { return .expired }
        return try session(asked.sessionID, in: transaction, now: now) == nil ? .sessionEnded : nil
    }

    /// The elicitation as it is at `now`: one whose time or session is over becomes final before anybody acts on it,
    /// whenever housekeeping would have come by.
    func settled(_ asked: Elicitation, in transaction: Transaction, now: Timestamp) throws -> Elicitation {
        guard let outcome = try ending(of: asked, in: transaction, now: now) else { return asked }
        return try transaction.elicitations.finish(asked.id, as: outcome, now: now) ?? transaction.elicitations.find(
            asked.id) ?? asked
    }
}
