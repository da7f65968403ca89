import Synchronization

/// Wakes those who wait for something to happen to one thing.
final class Watch<Key: Hashable & Sendable>: Sendable {
    private let bells = Mutex<[Key: [ObjectIdentifier: Bell]]>([:])

    /// How many listen.
    var listeners: Int { bells.withLock { $0.values.reduce(0) { $0 + $1.count } } }

    /// Says that something happened to these.
    func tell(_ keys: some Sequence<Key>) {
        bells.withLock { bells in
            for key in keys {
                for bell in (bells[key] ?? [:]).values { bell.ring() }
            }
        }
    }

    /// Lends a bell that rings for `key` from now on, also for what happens before anybody waits for it.
    func listening<Result>(for key: Key, _ body: (Bell) async throws -> Result) async rethrows -> Result {
        let bell = Bell()
        let id = ObjectIdentifier(bell)
        bells.withLock { $0[key, default: [:]][id] = bell }
        defer {
            bells.withLock { bells in
                bells[key]?[id] = nil
                if bells[key]?.isEmpty == true { bells[key] = nil }
            }
        }
        return try await body(bell)
    }
}
