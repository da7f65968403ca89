import OAuth
import Storage
import Synchronization

/// Lets requests wait in memory until something happens to their elicitation. Commits wake them; nobody asks the database
/// meanwhile, so that thousands may wait.
final class ElicitationWatch: Sendable {
    private struct Seats {
        var taken: [ElicitationID: [UInt64: AsyncStream<Void>.Continuation]] = [:]
        var last: UInt64 = 0
    }

    private let seats = Mutex(Seats())

    /// A watch that the commits of `store` wake.
    init(store: Store) {
        store.onCommit { [weak self] signals in
            for id in signals.elicitations { self?.wake(id) }
        }
    }

    /// Takes a seat: from now on no change is missed, whenever the first look happens.
    func seat(at id: ElicitationID) -> Seat {
        // One waiting change is enough: who is woken looks at the present state.
        let (changes, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let number = seats.withLock { seats in
            seats.last += 1
            seats.taken[id, default: [:]][seats.last] = continuation
            return seats.last
        }
        return Seat(changes: changes) { [weak self] in
            continuation.finish()
            self?.free(number, at: id)
        }
    }

    /// Wakes everybody who waits for this elicitation.
    func wake(_ id: ElicitationID) {
        let waiting = seats.withLock { $0.taken[id].map { Array($0.values) } ?? [] }
        for continuation in waiting { continuation.yield() }
    }

    /// How many wait now.
    var count: Int { seats.withLock { $0.taken.values.reduce(0) { $0 + $1.count } } }

    private func free(_ number: UInt64, at id: ElicitationID) {
        seats.withLock { seats in
            seats.taken[id]?[number] = nil
            if seats.taken[id]?.isEmpty ?? false { seats.taken[id] = nil }
        }
    }

    /// A place to wait at.
    struct Seat: Sendable {
        /// One element for each time that something may have changed; ends when the seat is left.
        let changes: AsyncStream<Void>
        /// Ends the wait, from wherever; a second time it does nothing.
        let leave: @Sendable () -> Void
    }
}
