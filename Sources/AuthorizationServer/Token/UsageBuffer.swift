import OAuth
package import Storage
import Synchronization

/// Collects when sessions were last introspected, so that a question costs no write: one batch a minute is exact enough
/// for an idle limit of days.
package final class UsageBuffer: Sendable {
    private let noted = Mutex<[SessionID: Timestamp]>([:])

    /// Notes one use.
    func note(_ id: SessionID, at now: Timestamp) {
        keep([(id, now)])
    }

    /// How many go into one write, so that nobody waits long behind it.
    private static let piece = 500

    /// Writes down what was noted since the last time, a piece at a time. What could not be written stays noted.
    package func flush(to store: Store) async throws {
        let batch = noted.withLock { noted in
            defer { noted.removeAll(keepingCapacity: true) }
            return noted
        }
        var rest = batch.map { ($0.key, $0.value) }[...]
        do {
            while !rest.isEmpty {
                let piece = Array(rest.prefix(Self.piece))
                try await store.write { try $0.sessions.touch(sessions: piece) }
                rest = rest.dropFirst(Self.piece)
            }
        } catch {
            keep(rest)
            throw error
        }
    }

    private func keep(_ uses: some Sequence<(SessionID, Timestamp)>) {
        noted.withLock { noted in
            for (id, time) in uses { noted[id] = max(time, noted[id] ?? time) }
        }
    }
}
