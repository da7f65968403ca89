import Logging
import OAuth
import Storage

/// Records in the audit trail that an account opened an elicitation of another account: one record for each pair, so
/// that repeated visits do not fill the trail.
///
/// The records are written in the background. A visit to an existing elicitation writes and one to an unknown id does
/// not, and the time of the answer must not show the difference.
struct WrongAccountLog: Sendable {
    let store: Store
    let errands: BackgroundWork

    /// Records that `user` opened `elicitation`, which is for another user. Returns at once.
    func record(_ elicitation: Elicitation, openedBy user: UserID, reason: String, now: Timestamp) {
        errands.run(
            "\(elicitation.id) \(user)", failure: "a visit by a wrong account could not be recorded"
        ) { [store] in
            // A read comes first, so that repeated visits cost no commit.
            guard try await store.read({ try !$0.elicitations.hasWrongAccountRecord(of: elicitation.id, by: user) })
            else {
                return
            }
            try await store.write { transaction in
                guard try !transaction.elicitations.hasWrongAccountRecord(of: elicitation.id, by: user) else { return }
                try transaction.audit.append(
                    AuditEntry(
                        .elicitationMisdirected, at: now, actor: .person(user), user: user,
                        client: elicitation.clientID, resource: elicitation.resourceID,
                        session: elicitation.sessionID, outcome: .refused, reason: reason, initiator: .human,
                        correlation: elicitation.id.string))
            }
        }
    }
}
