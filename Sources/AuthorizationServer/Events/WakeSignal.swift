/// Wakes whoever waits, once for however many rings there were; a ring while nobody waits is not lost.
final class WakeSignal: Sendable {
    private let rings: AsyncStream<Void>
    private let rope: AsyncStream<Void>.Continuation

    init() {
        (rings, rope) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Wakes the one who waits, or the next one who will.
    func ring() { rope.yield() }

    /// Rings later, unless the task is cancelled before.
    func ring(in time: Duration) -> Task<Void, Never> {
        Task {
            guard (try? await Task.sleep(for: max(.zero, time))) != nil else { return }
            ring()
        }
    }

    /// Returns at the next ring, or when the task is cancelled.
    func wait() async {
        for await _ in rings { return }
    }
}
