import Logging
import Synchronization

/// Work that goes on behind an answer, because its time must not tell what it found: never more than a few pieces at once,
/// and one at a time about the same thing, however often strangers set it off.
final class BackgroundWork: Sendable {
    private struct State {
        var underWay: Set<String> = []
        var isFull = false
    }

    private let capacity: Int
    private let log: Logger
    private let state = Mutex(State())

    /// At most `capacity` at a time.
    init(capacity: Int = 64, log: Logger) {
        self.capacity = capacity
        self.log = log
    }

    /// Starts `work`, unless there is too much under way or the same is; false when it is left out. Work that throws is
    /// told in the log, with `failure`.
    @discardableResult
    func run(_ subject: String, failure: Logger.Message, _ work: @escaping @Sendable () async throws -> Void) -> Bool {
        let (isTaken, isNewlyFull) = state.withLock { state in
            guard state.underWay.count < capacity else {
                defer { state.isFull = true }
                return (false, !state.isFull)
            }
            return (state.underWay.insert(subject).inserted, false)
        }
        if isNewlyFull { log.warning("too much is under way behind the answers; some of it is left out") }
        guard isTaken else { return false }
        Task {
            do {
                try await work()
            } catch {
                log.warning(failure, metadata: ["subject": "\(subject)", "error": "\(error)"])
            }
            state.withLock { state in
                state.underWay.remove(subject)
                if state.underWay.isEmpty { state.isFull = false }
            }
        }
        return true
    }
}
