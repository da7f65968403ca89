package import JOSE
package import OAuth
package import Storage

/// A key that the audit trail says was put out of use, and that the keys' folder holds as one in use: the folder is an older one
/// that somebody put back.
package struct ReinstatedKey: Error, Hashable, CustomStringConvertible {
    let purpose: String
    let id: String
    let endedAt: Timestamp

    /// Such keys of a ring; none where the folder is the one that was left.
    package static func find(in store: Store, keys: KeyRing, at now: Timestamp) async throws -> [ReinstatedKey] {
        let usable = keys.usable(at: now.seconds)
        let ended = try await store.read { try $0.audit.keyEnds.times() }
        return usable.compactMap { key in
            ended[key.id].map { ReinstatedKey(purpose: key.purpose.name, id: key.id, endedAt: $0) }
        }
    }

    /// What is wrong, in one sentence that says what to do.
    package var description: String {
        "the keys folder is older than the database: its \(purpose) key \(id) was put out of use at \(endedAt.rfc3339); put the "
            + "newer folder back, or, if it is lost, run 'gatehouse keys rotate \(purpose) --now'"
    }
}
