import Logging
import Synchronization

/// Runs work after the response is sent, so that the response time does not reveal what the work finds. It bounds how many
/// pieces run at once, and runs one at a time about the same subject, however often strangers trigger it.
final class BackgroundWork: Sendable {
    private struct State {
        var underWay: Set<String> = []
        var isFull = false
    }

    private let capacity: Int
    private let log: Logger
    private let state = Mutex(State())

    /// A runner for at most `capacity` pieces of work at a time.
    init(capacity: Int = 64, log: Logger) {
        self.capacity = capacity
        self.log = log
    }

    /// Starts `work`, and returns false when it is dropped: because `capacity` is reached, or because work about the same
    /// `subject` is running. An error that the work throws is logged with the message `failure`.
    @discardableResult
    func run(_ subject: String, failure: Logger.Message, _ work: @escaping @Sendable () async throws -> Void) -> Bool {
        let (isTaken, isNewlyFull) = state.withLock { state in
            guard state.underWay.count < capacity else {
                defer { state.isFull = true }
                return (false, !state.isFull)
            }
            return (state.underWay.insert(subject).inserted, false)
        }
        if isNewlyFull { log.warning("background work is at its limit; further work is dropped") }
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
