package import JOSE
package import OAuth
package import Storage

/// An audit chain that does not hold the checkpoint in the file beside the keys: the database was restored or rewritten.
package struct RolledBackAuditChain: Hashable, Sendable, CustomStringConvertible {
    let known: AuditCheckpoint
    let standing: CheckpointStanding
    /// A later checkpoint of the chain, signed by a key that the folder does not have.
    var stranger: AuditCheckpoint?

    /// The rolled-back chains of a database; empty if it was neither restored nor rewritten.
    package static func find(in store: Store, keys: KeyRing, at now: Timestamp) async throws -> [RolledBackAuditChain] {
        let (known, trusted) = (try AuditCheckpointFile.all(in: keys), keys.verification(.events, at: now.seconds))
        return try await store.read { transaction in
            try known.compactMap { checkpoint in
                let standing = try transaction.audit.checkpoints.standing(of: checkpoint, trusted: trusted)
                guard standing == .held else { return RolledBackAuditChain(known: checkpoint, standing: standing) }
                guard let last = try transaction.audit.checkpoints.last(of: checkpoint.chain)?.checkpoint,
                    last.sequence > checkpoint.sequence, !trusted.contains(kid: last.kid)
                else { return nil }
                return RolledBackAuditChain(known: checkpoint, standing: .held, stranger: last)
            }
        }
    }

    /// Whether no server may start on the database. A checkpoint of an unknown key is only reported, because anybody who can
    /// write the database could stop every start by adding one.
    package var isRefused: Bool { stranger == nil }

    /// What is wrong and what to do, as a part of a sentence.
    package var description: String {
        let place = known.chain == .main ? "its audit trail" : "the audit trail of the reports of \(known.chain)"
        let signed = "record \(known.sequence), signed at \(known.at.rfc3339)"
        if let stranger {
            return
                "\(place) is signed up to record \(stranger.sequence) by the key \(stranger.kid), which is not in the keys "
                + "folder; nothing more is signed. Restore the newer keys folder. If it is lost, run 'gatehouse audit "
                + "accept-restore --reason …'. If no key was created since, find out who can write to the database"
        }
        switch standing {
        case .gone(let end, _):
            return
                "the database is older than the checkpoints in the keys folder: \(place) ends at record \(end), but the "
                + "checkpoint is for \(signed). Restore the newer database. If you restored a backup on purpose, run "
                + "'gatehouse audit accept-restore --reason …'"
        case .replaced, .held:
            return
                "the database does not match the checkpoints in the keys folder: in \(place), \(signed), was replaced. Find "
                + "out who can write to the database. If you restored a backup on purpose, run 'gatehouse audit "
                + "accept-restore --reason …'"
        }
    }

    /// The reason of the record of an acceptance, with both hashes.
    var reason: String {
        let (end, hash): (Int64, Digest?) =
            switch standing {
            case .gone(let sequence, let hash): (sequence, hash)
            case .replaced(let sequence, let hash): (sequence, hash)
            case .held: (stranger?.sequence ?? known.sequence, stranger?.hash ?? known.hash)
            }
        return "\(known.chain): known \(known.sequence) \(known.hash.base64URL), accepted \(end) "
            + (hash?.base64URL ?? "none") + (stranger.map { ", signed by \($0.kid)" } ?? "")
    }
}
