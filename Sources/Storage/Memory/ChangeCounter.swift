import Synchronization

/// Counts committed changes to rows of one kind. A cache that remembers the count of its read is outdated once the count
/// differs.
///
/// Unchecked, because `isMarked` is touched on the writer's queue only; the count itself is atomic.
final class ChangeCounter: @unchecked Sendable {
    private let committed = Atomic<Int>(0)
    private var isMarked = false

    /// The number of groups that changed such a row.
    var version: Int { committed.load(ordering: .acquiring) }

    /// Marks the open group as one that changes such a row.
    func mark() { isMarked = true }

    /// Counts a change outside the database, such as a reload of the configuration's client lists.
    func countNow() { committed.add(1, ordering: .acquiringAndReleasing) }

    /// Counts the group, if it was marked.
    func publish() {
        guard isMarked else { return }
        isMarked = false
        countNow()
    }
}
