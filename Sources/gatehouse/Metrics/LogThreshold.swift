import Logging
import Synchronization

/// The least level that the server's own log is written at, as `log.level` says.
final class LogThreshold: Sendable {
    static let shared = LogThreshold()

    private let value = Mutex(Logger.Level.info)

    var level: Logger.Level { value.withLock { $0 } }

    /// Writes from this level on.
    func set(_ level: Logger.Level) { value.withLock { $0 = level } }
}
