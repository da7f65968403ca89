package import AuthorizationServer
package import OAuth
import Synchronization

/// A clock that stands still until a test moves it.
package final class TestClock: Sendable {
    private struct State {
        var seconds: Int64
        var last: UInt64 = 0
        var sleepers: [UInt64: (until: Int64, wake: CheckedContinuation<Void, any Error>)] = [:]
    }

    private let state: Mutex<State>

    /// A clock that stands at `seconds`.
    package init(_ seconds: Int64 = 1_800_000_000) {
        state = Mutex(State(seconds: seconds))
    }

    /// The moment at which it stands.
    package var now: Timestamp { Timestamp(seconds: state.withLock { $0.seconds }) }

    /// How many wait for it to move.
    package var sleepers: Int { state.withLock { $0.sleepers.count } }

    /// Moves the clock; a negative number moves it back. Whose time has come is woken.
    package func advance(by amount: Int64) {
        let due = state.withLock { state in
            state.seconds += amount
            let due = state.sleepers.filter { $0.value.until <= state.seconds }
            for number in due.keys { state.sleepers[number] = nil }
            return due.values.map(\.wake)
        }
        for sleeper in due { sleeper.resume() }
    }

    /// The clock as the server takes it.
    package var wall: WallClock { WallClock(now: { self.now }, sleep: { try await self.sleep($0) }) }

    private func sleep(_ seconds: Int64) async throws {
        let number = state.withLock { state in
            state.last += 1
            return state.last
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let isOver = state.withLock { state in
                    guard !Task.isCancelled, seconds > 0 else { return true }
                    state.sleepers[number] = (state.seconds + seconds, continuation)
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.sleepers.removeValue(forKey: number) }?.wake.resume(throwing: CancellationError())
        }
    }
}
