package import JOSE
package import OAuth
package import Storage

/// A key that has ended according to the audit trail and is in use according to the keys folder: the folder was restored from
/// a backup.
package struct ReinstatedKey: Error, Hashable, CustomStringConvertible {
    let purpose: String
    let id: String
    let endedAt: Timestamp

    /// The reinstated keys of a ring; empty if the folder was not restored.
    package static func find(in store: Store, keys: KeyRing, at now: Timestamp) async throws -> [ReinstatedKey] {
        let usable = keys.usable(at: now.seconds)
        let ended = try await store.read { try $0.audit.keyEnds.times() }
        return usable.compactMap { key in
            ended[key.id].map { ReinstatedKey(purpose: key.purpose.name, id: key.id, endedAt: $0) }
        }
    }

    /// What is wrong and what to do, as a part of a sentence.
    package var description: String {
        "the keys folder is older than the database: its \(purpose) key \(id) was ended at \(endedAt.rfc3339). Restore the newer "
            + "folder. If it is lost, run 'gatehouse keys rotate \(purpose) --now'"
    }
}
