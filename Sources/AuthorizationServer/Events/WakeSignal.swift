/// Wakes a waiting task, once for any number of signals. A signal that nobody waits for is kept for the next wait.
final class WakeSignal: Sendable {
    private let signals: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() {
        (signals, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Wakes the waiting task, or the next one that waits.
    func send() { continuation.yield() }

    /// Sends the signal later, unless the returned task is cancelled before.
    func send(after delay: Duration) -> Task<Void, Never> {
        Task {
            guard (try? await Task.sleep(for: max(.zero, delay))) != nil else { return }
            send()
        }
    }

    /// Returns at the next signal, or when the task is cancelled.
    func wait() async {
        for await _ in signals { return }
    }
}
