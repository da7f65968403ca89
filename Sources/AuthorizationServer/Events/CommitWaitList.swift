import ServiceLifecycle
import Storage
import Synchronization

/// Lets requests wait in memory until something happens to one thing. Commits wake them; nobody asks the database
/// meanwhile, so that thousands may wait.
final class CommitWaitList<Key: Hashable & Sendable>: Sendable {
    private struct Waiters {
        var taken: [Key: [UInt64: AsyncStream<Void>.Continuation]] = [:]
        var last: UInt64 = 0
    }

    /// A place to wait at.
    private struct Waiter: Sendable {
        /// One element for each time that something may have changed; ends when the seat is left.
        let changes: AsyncStream<Void>
        /// Ends the wait, from wherever; a second time it does nothing.
        let leave: @Sendable () -> Void
    }

    private let seats = Mutex(Waiters())

    /// A watch over what the commits of `store` touch of this.
    init(_ store: Store, of touched: @escaping @Sendable (CommitSignals) -> Set<Key>) {
        store.onCommit { [weak self] in self?.tell(touched($0)) }
    }

    /// How many wait now.
    var count: Int { seats.withLock { $0.taken.values.reduce(0) { $0 + $1.count } } }

    /// Says that something happened to these.
    func tell(_ keys: some Sequence<Key>) {
        let waiting = seats.withLock { seats in keys.flatMap { seats.taken[$0].map { Array($0.values) } ?? [] } }
        for continuation in waiting { continuation.yield() }
    }

    /// What `look` finds when there is nothing more to wait for, or as it is when the time is over, the asker hangs up or the
    /// server stops.
    ///
    /// `patience` tells of a find how many seconds it is worth to wait for another, nil for none. `whenGone` is told what to do
    /// when the asker hangs up.
    func wait<Found: Sendable>(
        for key: Key, clock: WallClock, whenGone: (@escaping @Sendable () -> Void) -> Void,
        patience: (Found) -> Int64?, look: () async throws -> Found
    ) async throws -> Found {
        // The seat is taken before the first look, so that no change falls between the two.
        let seat = seat(at: key)
        defer { seat.leave() }
        let found = try await look()
        guard let seconds = patience(found) else { return found }
        whenGone(seat.leave)
        return try await withGracefulShutdownHandler {
            // Ends with this scope, whoever ends the wait first.
            async let _: Void = leave(seat, after: seconds, clock)
            for await _ in seat.changes {
                let found = try await look()
                if patience(found) == nil { return found }
            }
            return try await look()
        } onGracefulShutdown: {
            seat.leave()
        }
    }

    private func leave(_ seat: Waiter, after seconds: Int64, _ clock: WallClock) async {
        try? await clock.sleep(seconds)
        seat.leave()
    }

    private func seat(at key: Key) -> Waiter {
        // One waiting change is enough: who is woken looks at the present state.
        let (changes, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let number = seats.withLock { seats in
            seats.last += 1
            seats.taken[key, default: [:]][seats.last] = continuation
            return seats.last
        }
        return Waiter(changes: changes) { [weak self] in
            continuation.finish()
            self?.free(number, at: key)
        }
    }

    private func free(_ number: UInt64, at key: Key) {
        seats.withLock { seats in
            seats.taken[key]?[number] = nil
            if seats.taken[key]?.isEmpty ?? false { seats.taken[key] = nil }
        }
    }
}
