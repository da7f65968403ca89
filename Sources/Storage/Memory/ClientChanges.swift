import Synchronization

/// Counts committed changes to what is known of clients, so that whoever keeps a copy in memory knows when it is old.
final class ClientChanges: @unchecked Sendable {
    private let committed = Atomic<Int>(0)
    /// Touched on the writer's queue alone.
    private var isPending = false

    /// How many groups of writes have changed something.
    var version: Int { committed.load(ordering: .acquiring) }

    /// A verb of the open group changed a client, a rule or a document.
    func note() { isPending = true }

    /// What is decided about clients outside of the database, in the configuration, changed.
    func noteAtOnce() { committed.add(1, ordering: .acquiringAndReleasing) }

    /// The group is on the disk. A change that was rolled back counts as well: it only costs a fresh look.
    func commit() {
        guard isPending else { return }
        isPending = false
        committed.add(1, ordering: .acquiringAndReleasing)
    }
}
