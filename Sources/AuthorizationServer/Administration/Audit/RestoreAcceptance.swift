import JOSE
import OAuth
import Storage

/// Accepts that the database is not the one that the keys know, by a record of each chain with both hashes.
struct RestoreAcceptance: AdministrationNoun {
    let task: AdministrationTask

    /// Accepts it for this reason.
    ///
    /// The record comes first: killed behind it, the same is refused and accepted once more.
    func accept(_ reason: String) async throws -> AdministrationAnswer {
        let reason = try AdministrationText.checked(reason, as: "The reason", atMost: 1_000)
        guard let keys = administration.keys else {
            throw AdministrationError(.unavailable, "The keys are not open here.")
        }
        if let revived = try await ReinstatedKey.find(in: store, keys: keys, at: now).first {
            throw AdministrationError(.conflict, "Nothing was accepted: \(revived).")
        }
        let found = try await RolledBackAuditChain.find(in: store, keys: keys, at: now)
        guard !found.isEmpty else {
            throw AdministrationError(
                .conflict, "The database is the one that the keys know; there is nothing to accept.")
        }
        try await store.write { transaction in
            for past in found {
                try audit(transaction, .auditRestoreAccepted, reason: past.reason, explanation: reason)
            }
        }
        // From here on the keys know what stands there: the checkpoints of this database, and then a new one over the record.
        for past in found { store.forgetSigned(past.known.chain) }
        let others = try AuditCheckpointFile.all(in: keys).filter { kept in !found.contains { $0.known == kept } }
        let standing = try await store.read { transaction in
            try found.compactMap { try transaction.audit.lastCheckpoint($0.known.chain)?.checkpoint }
        }
        try AuditCheckpointFile.save(others + standing, to: keys)
        // What stands on keys that were put out of use since the backup came back with it.
        let again = await KeyReplacement(store: store, keys: keys, log: administration.log).finish(at: now)
        let unsigned = await AuditCheckpointSigner(store: store, keys: keys, log: administration.log).signAllOrSay(
            at: now)
        let warnings = again.failures.map(Self.sentence) + [unsigned].compactMap(\.self)
        return .many(
            found.map { past in
                ["chain": .string(past.known.chain.description), "accepted": .string(past.reason)]
            },
            note: (["The keys know this database now; 'gatehouse serve' starts on it."] + cameBack(again))
                .joined(separator: "\n"),
            warning: warnings.isEmpty ? nil : warnings.joined(separator: "\n"))
    }

    /// What a restored database brings back, as far as the keys can tell, and what was done about it.
    private func cameBack(_ again: KeyReplacement.Finished) -> [String] {
        let undone = again.done.map { "Put out of use since the backup, and done again: \($0)" }
        return undone + [
            "What people and administrators ended, disabled, blocked or changed after the backup is as it was before: do it again."
        ]
    }

    private static func sentence(_ text: String) -> String { text.prefix(1).uppercased() + text.dropFirst() + "." }
}
