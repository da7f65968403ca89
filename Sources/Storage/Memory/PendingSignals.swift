package import OAuth
import Synchronization

/// What a durable commit touched, for those who wait for it.
package struct CommitSignals: Sendable {
    /// Elicitations that were made or changed.
    package var elicitations: Set<ElicitationID> = []
    /// MCP servers that have new events waiting, or another way to be told of them.
    package var streams: Set<ResourceID> = []
}

/// Collects what the open group of writes touches and tells it to all listeners once the group is on the disk.
final class PendingSignals: @unchecked Sendable {
    private let listeners = Mutex<[@Sendable (CommitSignals) -> Void]>([])
    /// Touched on the writer's queue alone.
    private var pending = CommitSignals()

    func add(_ listener: @escaping @Sendable (CommitSignals) -> Void) {
        listeners.withLock { $0.append(listener) }
    }

    func note(_ elicitation: ElicitationID) { pending.elicitations.insert(elicitation) }
    func note(_ stream: ResourceID) { pending.streams.insert(stream) }

    /// The group is on the disk. What was rolled back is told as well: it only costs a fresh look.
    func publish() {
        guard !pending.elicitations.isEmpty || !pending.streams.isEmpty else { return }
        let signals = pending
        pending = CommitSignals()
        for listener in listeners.withLock({ $0 }) { listener(signals) }
    }
}
