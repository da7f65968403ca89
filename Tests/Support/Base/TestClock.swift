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

    /// A clock that shows `seconds` since 1970.
    package init(_ seconds: Int64 = 1_800_000_000) {
        state = Mutex(State(seconds: seconds))
    }

    /// The time that the clock shows.
    package var now: Timestamp { Timestamp(seconds: state.withLock { $0.seconds }) }

    /// The number of tasks that sleep on this clock.
    package var sleepers: Int { state.withLock { $0.sleepers.count } }

    /// Advances the clock by `amount` seconds (negative: backwards) and resumes the sleepers that are due.
    package func advance(by amount: Int64) {
        let due = state.withLock { state in
            state.seconds += amount
            let due = state.sleepers.filter { $0.value.until <= state.seconds }
            for number in due.keys { state.sleepers[number] = nil }
            return due.values.map(\.wake)
        }
        for sleeper in due { sleeper.resume() }
    }

    /// Suspends the caller until a test has advanced the clock by `seconds`; throws `CancellationError` when the task is cancelled.
    package func sleep(_ seconds: Int64) async throws {
        let number = state.withLock { state in
            state.last += 1
            return state.last
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let isDue = state.withLock { state in
                    guard !Task.isCancelled, seconds > 0 else { return true }
                    state.sleepers[number] = (state.seconds + seconds, continuation)
                    return false
                }
                if isDue { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.sleepers.removeValue(forKey: number) }?.wake.resume(throwing: CancellationError())
        }
    }
}
