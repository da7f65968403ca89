package import JOSE
package import OAuth
package import Storage

/// A chain of the database that is not the one whose last checkpoint is kept beside the keys.
package struct RestoredPast: Hashable, Sendable, CustomStringConvertible {
    let known: AuditCheckpoint
    let standing: CheckpointStanding

    /// The chains of a database that the keys know otherwise; none where it is the one that was left.
    package static func find(in store: Store, keys: KeyRing, at now: Timestamp) async throws -> [RestoredPast] {
        let (known, trusted) = (try KeptCheckpoints.all(in: keys), keys.verification(.events, at: now.seconds))
        return try await store.read { transaction in
            try known.compactMap { checkpoint in
                let standing = try transaction.standing(of: checkpoint, trusted: trusted)
                return standing == .held ? nil : RestoredPast(known: checkpoint, standing: standing)
            }
        }
    }

    /// What is wrong, in one sentence that says what to do.
    package var description: String {
        let place = known.chain == .main ? "its audit trail" : "the audit trail of the reports of \(known.chain)"
        let signed = "record \(known.sequence), signed at \(known.at.rfc3339)"
        switch standing {
        case .gone(let end, _):
            return "the database is older than the keys know: \(place) ends at record \(end), and the keys know "
                + "\(signed); put the newer database back, or, if you restored a backup on purpose, run 'gatehouse audit "
                + "accept-restore --reason …'"
        case .replaced, .held:
            return
                "the database holds another past than the keys know: in \(place) \(signed), is another one now; find out "
                + "who can write to the database, or, if you restored a backup on purpose, run 'gatehouse audit "
                + "accept-restore --reason …'"
        }
    }

    /// Both hashes, as the record of the acceptance says them.
    var reason: String {
        let (end, hash): (Int64, Digest?) =
            switch standing {
            case .gone(let sequence, let hash): (sequence, hash)
            case .replaced(let sequence, let hash): (sequence, hash)
            case .held: (known.sequence, known.hash)
            }
        return "\(known.chain): known \(known.sequence) \(known.hash.base64URL), accepted \(end) "
            + (hash?.base64URL ?? "none")
    }
}

extension AdministrationTask {
    /// Accepts that the database is not the one that the keys know, by a record of each chain with both hashes.
    ///
    /// The record comes first: killed behind it, the same is refused and accepted once more.
    func acceptRestore(_ reason: String) async throws -> AdministrationAnswer {
        let reason = try AdministrationText.checked(reason, as: "The reason", atMost: 1_000)
        guard let keys = administration.keys else {
            throw AdministrationError(.unavailable, "The keys are not open here.")
        }
        let found = try await RestoredPast.find(in: store, keys: keys, at: now)
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
        let others = try KeptCheckpoints.all(in: keys).filter { kept in !found.contains { $0.known == kept } }
        let standing = try await store.read { transaction in
            try found.compactMap { try transaction.lastCheckpoint($0.known.chain)?.checkpoint }
        }
        try KeptCheckpoints.save(others + standing, to: keys)
        _ = try await AuditNotary(store: store, keys: keys, log: administration.log).signAll(at: now)
        return .many(
            found.map { past in
                ["chain": .string(past.known.chain.description), "accepted": .string(past.reason)]
            }, note: "The keys know this database now; 'gatehouse serve' starts on it.")
    }
}
