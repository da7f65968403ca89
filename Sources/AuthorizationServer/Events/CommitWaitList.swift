import ServiceLifecycle
import Storage
import Synchronization

/// Lets requests wait in memory for a change of one thing. Commits wake them; waiting requests do not poll the
/// database, so that thousands may wait.
final class CommitWaitList<Key: Hashable & Sendable>: Sendable {
    private struct State {
        var waiters: [Key: [UInt64: AsyncStream<Void>.Continuation]] = [:]
        var lastNumber: UInt64 = 0
    }

    /// One waiting request.
    private struct Waiter: Sendable {
        /// One element for each possible change; the stream ends when the waiter leaves.
        let changes: AsyncStream<Void>
        /// Ends the wait, from any thread; a second call does nothing.
        let leave: @Sendable () -> Void
    }

    private let state = Mutex(State())

    /// A list whose waiters are woken by the commits of `store`; `touched` says which keys a commit concerns.
    init(_ store: Store, of touched: @escaping @Sendable (CommitSignals) -> Set<Key>) {
        store.onCommit { [weak self] in self?.wake(touched($0)) }
    }

    /// The number of waiting requests.
    var count: Int { state.withLock { $0.waiters.values.reduce(0) { $0 + $1.count } } }

    /// Wakes the requests that wait for these keys.
    func wake(_ keys: some Sequence<Key>) {
        let woken = state.withLock { state in keys.flatMap { state.waiters[$0].map { Array($0.values) } ?? [] } }
        for continuation in woken { continuation.yield() }
    }

    /// Reads until there is nothing more to wait for and returns the last value. It returns early when the time is
    /// over, the caller disconnects or the server stops.
    ///
    /// - Parameters:
    ///   - onDisconnect: registers what runs when the caller disconnects.
    ///   - timeout: how long to wait for a newer value than this one, in seconds; nil to return this one.
    func wait<Value: Sendable>(
        for key: Key, clock: WallClock, onDisconnect: (@escaping @Sendable () -> Void) -> Void,
        timeout: (Value) -> Int64?, read: () async throws -> Value
    ) async throws -> Value {
        // The waiter is registered before the first read, so that no change is lost between the two.
        let waiter = waiter(for: key)
        defer { waiter.leave() }
        let value = try await read()
        guard let seconds = timeout(value) else { return value }
        onDisconnect(waiter.leave)
        return try await withGracefulShutdownHandler {
            // The child task is cancelled at the end of this scope, however the wait ends.
            async let _: Void = leave(waiter, after: seconds, clock)
            for await _ in waiter.changes {
                let value = try await read()
                if timeout(value) == nil { return value }
            }
            return try await read()
        } onGracefulShutdown: {
            waiter.leave()
        }
    }

    private func leave(_ waiter: Waiter, after seconds: Int64, _ clock: WallClock) async {
        try? await clock.sleep(seconds)
        waiter.leave()
    }

    private func waiter(for key: Key) -> Waiter {
        // A buffer of one is enough: a woken request reads the current state, however many changes led to it.
        let (changes, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let number = state.withLock { state in
            state.lastNumber += 1
            state.waiters[key, default: [:]][state.lastNumber] = continuation
            return state.lastNumber
        }
        return Waiter(changes: changes) { [weak self] in
            continuation.finish()
            self?.remove(number, for: key)
        }
    }

    private func remove(_ number: UInt64, for key: Key) {
        state.withLock { state in
            state.waiters[key]?[number] = nil
            if state.waiters[key]?.isEmpty ?? false { state.waiters[key] = nil }
        }
    }
}
