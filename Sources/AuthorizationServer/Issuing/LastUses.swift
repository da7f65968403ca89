import OAuth
import Storage
import Synchronization

/// Collects when sessions were last introspected, so that a question costs no write: one batch a minute is exact enough
/// for an idle limit of days.
package final class LastUses: Sendable {
    private let noted = Mutex<[SessionID: Timestamp]>([:])

    /// Notes one use.
    func note(_ id: SessionID, at now: Timestamp) {
        noted.withLock { $0[id] = now }
    }

    /// Writes down what was noted since the last time.
    func flush(to store: Store) async throws {
        let batch = noted.withLock { noted in
            defer { noted.removeAll(keepingCapacity: true) }
            return noted
        }
        guard !batch.isEmpty else { return }
        try await store.write { try $0.touch(sessions: batch.map { ($0.key, $0.value) }) }
    }
}
