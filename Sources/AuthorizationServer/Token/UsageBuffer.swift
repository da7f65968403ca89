import OAuth
package import Storage
import Synchronization

/// Collects when sessions were last introspected, so that an introspection costs no write. One batch a minute is exact enough for
/// idle timeouts of days.
package final class UsageBuffer: Sendable {
    private let uses = Mutex<[SessionID: Timestamp]>([:])

    /// Records one use of a session.
    func record(_ id: SessionID, at now: Timestamp) {
        merge([(id, now)])
    }

    /// How many uses go into one write, so that no request waits long behind it.
    private static let mostPerWrite = 500

    /// Writes the uses since the last flush, in pieces. Uses that could not be written stay in the buffer.
    package func flush(to store: Store) async throws {
        let batch = uses.withLock { uses in
            defer { uses.removeAll(keepingCapacity: true) }
            return uses
        }
        var rest = batch.map { ($0.key, $0.value) }[...]
        do {
            while !rest.isEmpty {
                let piece = Array(rest.prefix(Self.mostPerWrite))
                try await store.write { try $0.sessions.touch(sessions: piece) }
                rest = rest.dropFirst(Self.mostPerWrite)
            }
        } catch {
            merge(rest)
            throw error
        }
    }

    private func merge(_ new: some Sequence<(SessionID, Timestamp)>) {
        uses.withLock { uses in
            for (id, time) in new { uses[id] = max(time, uses[id] ?? time) }
        }
    }
}
