import Synchronization

/// The calls that wait for events of elicitations.
final class EventWaiters: Sendable {
    private struct State {
        var next: UInt64 = 0
        var waiting: [String: [UInt64: AsyncStream<Void>.Continuation]] = [:]
    }

    private let state = Mutex(State())
    private let sleep: @Sendable (_ seconds: Int) async -> Void

    init(sleep: @escaping @Sendable (_ seconds: Int) async -> Void) {
        self.sleep = sleep
    }

    /// Registers a wait, which receives every event from now on.
    func expect(_ elicitation: String) -> EventWaiter {
        let (stream, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let number = state.withLock { state in
            state.next += 1
            state.waiting[elicitation, default: [:]][state.next] = continuation
            return state.next
        }
        return EventWaiter(stream: stream, continuation: continuation, sleep: sleep) { [self] in
            forget(elicitation, number)
        }
    }

    /// Wakes every call that waits for this elicitation.
    func wake(_ elicitation: String) {
        let waiting = state.withLock { $0.waiting.removeValue(forKey: elicitation) ?? [:] }
        for continuation in waiting.values { continuation.yield() }
    }

    private func forget(_ elicitation: String, _ number: UInt64) {
        state.withLock { state in
            state.waiting[elicitation]?[number] = nil
            if state.waiting[elicitation]?.isEmpty == true { state.waiting[elicitation] = nil }
        }
    }

    /// The number of waiting calls.
    var count: Int { state.withLock { $0.waiting.values.reduce(0) { $0 + $1.count } } }
}

/// One registered wait; releasing it unregisters it.
final class EventWaiter: Sendable {
    private let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation
    private let sleep: @Sendable (_ seconds: Int) async -> Void
    private let forget: @Sendable () -> Void

    init(
        stream: AsyncStream<Void>, continuation: AsyncStream<Void>.Continuation,
        sleep: @escaping @Sendable (_ seconds: Int) async -> Void, forget: @escaping @Sendable () -> Void
    ) {
        self.stream = stream
        self.continuation = continuation
        self.sleep = sleep
        self.forget = forget
    }

    deinit { forget() }

    /// Returns when the event has arrived, the time has passed, or the task is cancelled.
    func wait(atMost seconds: Int) async {
        let timer = Task { [continuation, sleep] in
            await sleep(seconds)
            continuation.finish()
        }
        for await _ in stream { break }
        timer.cancel()
    }
}
