import OAuth
import Synchronization

/// Remembers for half a minute which documents could not be fetched, so that one of a client's refreshes waits for a dead host
/// and the others use the last good document at once.
///
/// It only shortens a wait: a new authorization never consults it, and neither does a client without a last good document. It
/// holds documents and not hosts, so that one bad document of a host does not affect the others.
final class UnreachableDocuments: Sendable {
    private static let seconds: Int64 = 30
    private static let capacity = 1_024

    private let failures = Mutex<[ClientID: Timestamp]>([:])

    /// Whether fetching the client's document failed within the last half minute.
    func contains(_ id: ClientID, now: Timestamp) -> Bool {
        failures.withLock { $0[id].map { Self.counts($0, now) } ?? false }
    }

    /// Records that fetching the client's document failed now.
    func insert(_ id: ClientID, now: Timestamp) {
        failures.withLock { failures in
            if failures.count >= Self.capacity { failures = failures.filter { Self.counts($0.value, now) } }
            guard failures.count < Self.capacity else { return }
            failures[id] = now
        }
    }

    /// A clock that was set back must not extend a failure.
    private static func counts(_ failure: Timestamp, _ now: Timestamp) -> Bool {
        (0..<seconds).contains(now - failure)
    }
}
