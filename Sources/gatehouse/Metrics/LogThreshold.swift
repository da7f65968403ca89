import Logging
import Synchronization

/// The minimum level of the server's own log, set by `log.level`; any thread may read and set it.
final class LogThreshold: Sendable {
    static let shared = LogThreshold()

    private let value = Mutex(Logger.Level.info)

    var level: Logger.Level { value.withLock { $0 } }

    /// Replaces the minimum level, at the start and at a reload.
    func set(_ level: Logger.Level) { value.withLock { $0 = level } }
}
