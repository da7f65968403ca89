import JOSE
import OAuth
import Storage

/// One request while it is carried out: who asks, and at what time.
struct AdministrationTask: Sendable {
    let administration: Administration
    let administrator: Administrator
    /// The same moment for everything that the request reads and writes.
    let now: Timestamp
}

/// The requests about one noun, such as sessions, as `Noun` is for a `Transaction`.
protocol AdministrationNoun: Sendable {
    var task: AdministrationTask { get }
}

extension AdministrationNoun {
    var administration: Administration { task.administration }
    var administrator: Administrator { task.administrator }
    var now: Timestamp { task.now }
    var store: Store { task.administration.store }

    /// Records in the same transaction what was done.
    func audit(
        _ transaction: Transaction, _ action: AuditAction, user: UserID? = nil, client: ClientID? = nil,
        resource: ResourceID? = nil, session: SessionID? = nil, reason: String? = nil, explanation: String? = nil
    ) throws {
        try transaction.audit.append(
            AuditEntry(
                action, at: now, actor: administrator.actor, user: user, client: client, resource: resource,
                session: session, reason: reason, initiator: .human, explanation: explanation))
    }

    /// Why an administrator ends sessions, in words that go into the records.
    func checkedReason(_ text: String?) throws(AdministrationError) -> String? {
        guard let text else { return nil }
        return try AdministrationText.checked(text, as: "The reason")
    }

    /// What this administrator decided about sessions; `text` stands beside the records, from where it can be erased.
    func ending(_ reason: EndReason, _ text: String? = nil) -> SessionEnding {
        SessionEnding(reason: reason, initiator: .admin, actor: administrator.actor, explanation: text, at: now)
    }

    var notary: AuditCheckpointSigner? {
        administration.keys.map { AuditCheckpointSigner(store: store, keys: $0, log: administration.log) }
    }

    /// What seals and opens, where the keys are open.
    func vault() throws(AdministrationError) -> ConnectionVault {
        guard let keys = administration.keys else {
            throw AdministrationError(.unavailable, "The keys are not open here.")
        }
        return ConnectionVault(keys: keys)
    }

    /// The data directory, where files lie for a moment before they are handed over.
    var folder: String {
        store.path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
    }

    static func note(ended count: Int) -> String? {
        count == 0 ? nil : "\(count) session\(count == 1 ? " was" : "s were") ended."
    }

    static var secretNote: String { "The secret is shown this once; Gatehouse keeps only its digest." }
}
