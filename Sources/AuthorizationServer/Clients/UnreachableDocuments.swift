import OAuth
import Synchronization

/// Remembers for half a minute which documents could not be had, so that of a client's refreshes one waits for a dead
/// host and the others go on with the last good document at once.
///
/// It shortens a wait and answers nothing: a new authorization never asks here, and neither does a client without a last
/// good document. It counts documents and not hosts, so that one bad page of a host does not speak for the others there.
final class UnreachableDocuments: Sendable {
    private static let seconds: Int64 = 30
    private static let most = 1_024

    private let failures = Mutex<[ClientID: Timestamp]>([:])

    /// Whether the client's document could not be had a moment ago.
    func holds(_ id: ClientID, now: Timestamp) -> Bool {
        failures.withLock { $0[id].map { Self.counts($0, now) } ?? false }
    }

    /// Notes that the client's document could not be had now.
    func note(_ id: ClientID, now: Timestamp) {
        failures.withLock { failures in
            if failures.count >= Self.most { failures = failures.filter { Self.counts($0.value, now) } }
            guard failures.count < Self.most else { return }
            failures[id] = now
        }
    }

    /// A clock that was set back must not make a failure last.
    private static func counts(_ failure: Timestamp, _ now: Timestamp) -> Bool {
        (0..<seconds).contains(now - failure)
    }
}
