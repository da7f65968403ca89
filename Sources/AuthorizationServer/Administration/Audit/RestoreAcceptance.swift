import JOSE
import OAuth
import Storage

/// The acceptance of a restored database, whose audit trail does not match the checkpoints in the keys folder: a record in each
/// chain, with both hashes.
struct RestoreAcceptance: AdministrationNoun {
    let task: AdministrationTask

    /// Accepts the database for this reason.
    ///
    /// The record comes before the checkpoints, so that a process killed in between leaves a database that is still refused.
    func accept(_ reason: String) async throws -> AdministrationAnswer {
        let reason = try AdministrationText.checked(reason, as: "The reason", atMost: 1_000)
        guard let keys = administration.keys else {
            throw AdministrationError(.unavailable, "The keys are not open in this process.")
        }
        if let revived = try await ReinstatedKey.find(in: store, keys: keys, at: now).first {
            throw AdministrationError(.conflict, "Nothing was accepted: \(revived).")
        }
        let found = try await RolledBackAuditChain.find(in: store, keys: keys, at: now)
        guard !found.isEmpty else {
            throw AdministrationError(
                .conflict, "The database already matches the checkpoints in the keys folder. Nothing was changed.")
        }
        try await store.write { transaction in
            for past in found {
                try audit(transaction, .auditRestoreAccepted, reason: past.reason, explanation: reason)
            }
        }
        // The keys folder now gets the checkpoints of this database, and then a new one that covers the record.
        for past in found { store.signedCheckpoints.forget(past.known.chain) }
        let others = try AuditCheckpointFile.all(in: keys).filter { kept in !found.contains { $0.known == kept } }
        let standing = try await store.read { transaction in
            try found.compactMap { try transaction.audit.checkpoints.last(of: $0.known.chain)?.checkpoint }
        }
        try AuditCheckpointFile.save(others + standing, to: keys)
        // The backup brought back what depended on keys that were ended after it.
        let again = await KeyReplacement(store: store, keys: keys, log: administration.log).finish(at: now)
        let unsigned = await AuditCheckpointSigner(store: store, keys: keys, log: administration.log).signAllOrWarning(
            at: now)
        let warnings = again.failures.map(Self.sentence) + [unsigned].compactMap(\.self)
        return .many(
            found.map { past in
                ["chain": .string(past.known.chain.description), "accepted": .string(past.reason)]
            },
            note: (["The database is accepted. Start the server with 'gatehouse serve'."] + restoredState(again))
                .joined(separator: "\n"),
            warning: warnings.isEmpty ? nil : warnings.joined(separator: "\n"))
    }

    /// The remarks about changes that the restored database lacks, and about the ones that were made again.
    private func restoredState(_ again: KeyReplacement.Finished) -> [String] {
        again.done.map { "Keys ended after the backup were ended again: \($0)" } + [
            "Every other revocation, block and change after the backup is lost. Repeat them."
        ]
    }

    private static func sentence(_ text: String) -> String { text.prefix(1).uppercased() + text.dropFirst() + "." }
}
