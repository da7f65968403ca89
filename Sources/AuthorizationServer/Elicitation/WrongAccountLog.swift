import Logging
import OAuth
import Storage

/// Keeps in the records who came to what another person was asked: once for each elicitation and account, so that nobody
/// fills the trail by trying again.
///
/// The answer does not wait for it. What is there is written down and what is not is not, and the time must not tell which.
struct WrongAccountLog: Sendable {
    let store: Store
    let errands: BackgroundWork

    /// Notes that `user` came, sooner or later.
    func note(_ asked: Elicitation, to user: UserID, reason: String, now: Timestamp) {
        errands.run(
            "\(asked.id) \(user)", failure: "a visit by another account than was asked is not in the records"
        ) { [store] in
            // Looked up before it is asked to write: who comes again and again costs no commit.
            guard try await store.read({ try !$0.elicitations.hasMisdirected(asked.id, to: user) }) else { return }
            try await store.write { transaction in
                guard try !transaction.elicitations.hasMisdirected(asked.id, to: user) else { return }
                try transaction.audit.append(
                    AuditEntry(
                        .elicitationMisdirected, at: now, actor: .person(user), user: user,
                        client: asked.clientID, resource: asked.resourceID, session: asked.sessionID,
                        outcome: .refused, reason: reason, initiator: .human, correlation: asked.id.string))
            }
        }
    }
}
