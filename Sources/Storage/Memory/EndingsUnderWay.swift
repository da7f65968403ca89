import Synchronization

/// The ids of unfinished endings of sessions that a task of this process works on, so that the housekeeper does not
/// finish an ending a second time beside the request that began it.
final class EndingsUnderWay: Sendable {
    private let ids = Mutex<Set<String>>([])

    /// Claims one ending; false when another task has it.
    func claim(_ id: String) -> Bool { ids.withLock { $0.insert(id).inserted } }

    /// Claims endings that the caller's own transaction has just made.
    func claim(_ new: [String]) { ids.withLock { $0.formUnion(new) } }

    /// Releases endings, finished or not.
    func release(_ done: [String]) { ids.withLock { $0.subtract(done) } }
}
