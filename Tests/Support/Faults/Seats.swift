import NIOConcurrencyHelpers

/// How many tests may have programs of their own at a time: more at once than the machine has processors would only make
/// each of them wait for the others beyond any patience.
struct Seats: Sendable {
    private struct State {
        var free: Int
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state: NIOLockedValueBox<State>

    init(_ count: Int) {
        state = NIOLockedValueBox(State(free: count))
    }

    /// Waits until there is a seat and keeps it until the body is through.
    func taking<Result>(_ body: () async throws -> Result) async rethrows -> Result {
        await take()
        defer { leave() }
        return try await body()
    }

    private func take() async {
        await withCheckedContinuation { continuation in
            let seated = state.withLockedValue { state in
                guard state.free > 0 else {
                    state.waiting.append(continuation)
                    return false
                }
                state.free -= 1
                return true
            }
            if seated { continuation.resume() }
        }
    }

    /// Hands the seat to whoever waits longest.
    private func leave() {
        let next = state.withLockedValue { state -> CheckedContinuation<Void, Never>? in
            guard !state.waiting.isEmpty else {
                state.free += 1
                return nil
            }
            return state.waiting.removeFirst()
        }
        next?.resume()
    }
}
