import JOSE
import OAuth
import Storage

/// One request while it is carried out: its administrator and its time.
struct AdministrationTask: Sendable {
    let administration: Administration
    let administrator: Administrator
    /// The time of the request, the same for everything that it reads and writes.
    let now: Timestamp
}

/// The administration of one noun, such as sessions: a conformer carries out its requests, and this protocol holds what they
/// share.
protocol AdministrationNoun: Sendable {
    var task: AdministrationTask { get }
}

extension AdministrationNoun {
    var administration: Administration { task.administration }
    var administrator: Administrator { task.administrator }
    var now: Timestamp { task.now }
    var store: Store { task.administration.store }

    /// Appends the audit record of the request, in the transaction that carries it out.
    func audit(
        _ transaction: Transaction, _ action: AuditAction, user: UserID? = nil, client: ClientID? = nil,
        resource: ResourceID? = nil, session: SessionID? = nil, reason: String? = nil, explanation: String? = nil,
        changes: [AuditChange] = []
    ) throws {
        try transaction.audit.append(
            AuditEntry(
                action, at: now, actor: administrator.actor, user: user, client: client, resource: resource,
                session: session, reason: reason, initiator: .human, explanation: explanation,
                changes: changes))
    }

    /// The reason that an administrator gives, checked because audit records and reports show it.
    func checkedReason(_ text: String?) throws(AdministrationError) -> String? {
        guard let text else { return nil }
        return try AdministrationText.checked(text, as: "The reason")
    }

    /// The revocation of sessions by this administrator. `text` is stored beside the audit record, from where it can be erased.
    func ending(_ reason: SessionEndReason, _ text: String? = nil) -> SessionEnding {
        SessionEnding(
            reason: reason, initiator: .admin, actor: administrator.actor, explanation: text ?? administrator.reason,
            at: now)
    }

    /// The signer of audit checkpoints; nil without keys.
    var checkpointSigner: AuditCheckpointSigner? {
        administration.keys.map { AuditCheckpointSigner(store: store, keys: $0, log: administration.log) }
    }

    /// The vault that seals and opens secrets, with the open keys.
    func vault() throws(AdministrationError) -> ConnectionVault {
        guard let keys = administration.keys else {
            throw AdministrationError(.unavailable, "The keys are not open in this process.")
        }
        return ConnectionVault(keys: keys)
    }

    /// The data directory, in which files are written before they are sent.
    var folder: String {
        store.path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
    }

    /// The remark about revoked sessions; nil if there are none.
    static func note(revokedSessions count: Int) -> String? {
        count == 0 ? nil : "Revoked \(count) session\(count == 1 ? "" : "s")."
    }

    static var secretNote: String { "The secret is shown only once; Gatehouse stores only its digest." }
}
