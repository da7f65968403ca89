import Synchronization

/// Counts committed changes to clients, their rules and their documents. A cache that remembers the count of its read is
/// outdated once the count differs.
///
/// Unchecked, because `isMarked` is touched on the writer's queue only; the count itself is atomic.
final class ClientChangeCounter: @unchecked Sendable {
    private let committed = Atomic<Int>(0)
    private var isMarked = false

    /// The number of groups that changed a client.
    var version: Int { committed.load(ordering: .acquiring) }

    /// Marks the open group as one that changes a client, a rule or a document.
    func mark() { isMarked = true }

    /// Counts a change outside the database: a reload of the configuration's client lists.
    func countNow() { committed.add(1, ordering: .acquiringAndReleasing) }

    /// Counts the group, if it was marked.
    func publish() {
        guard isMarked else { return }
        isMarked = false
        countNow()
    }
}
