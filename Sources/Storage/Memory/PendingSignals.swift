package import OAuth
import Synchronization

/// The waiting requests that a durable commit may answer.
package struct CommitSignals: Sendable {
    /// Elicitations that were created or changed.
    package var elicitations: Set<ElicitationID> = []
    /// MCP servers with a new waiting event, or another place to deliver events to.
    package var streams: Set<ResourceID> = []
}

/// Collects the signals of the open group and hands them to all listeners after the commit, so that no listener reads
/// rows that are not durable.
///
/// Unchecked, because `pending` is touched on the writer's queue only; the list of listeners has a lock.
final class PendingSignals: @unchecked Sendable {
    private let listeners = Mutex<[@Sendable (CommitSignals) -> Void]>([])
    private var pending = CommitSignals()

    func addListener(_ listener: @escaping @Sendable (CommitSignals) -> Void) {
        listeners.withLock { $0.append(listener) }
    }

    func add(elicitation: ElicitationID) { pending.elicitations.insert(elicitation) }
    func add(stream: ResourceID) { pending.streams.insert(stream) }

    /// Hands the collected signals to the listeners, on the writer's queue: a listener that waits stops all writes.
    func publish() {
        guard !pending.elicitations.isEmpty || !pending.streams.isEmpty else { return }
        let signals = pending
        pending = CommitSignals()
        for listener in listeners.withLock({ $0 }) { listener(signals) }
    }
}
