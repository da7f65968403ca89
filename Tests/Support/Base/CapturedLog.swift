package import Logging
import Synchronization

/// Captures every log line of a test with its metadata, so that tests can search it for secrets.
package final class CapturedLog: Sendable {
    private let kept = Mutex<[String]>([])

    /// Makes an empty log.
    package init() {}

    /// The captured lines of every level.
    package var lines: [String] { kept.withLock { $0 } }

    /// A logger that writes to this log.
    package var logger: Logger { Logger(label: "test") { _ in Handler(log: self) } }

    private struct Handler: LogHandler {
        let log: CapturedLog
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let all = metadata.merging(event.metadata ?? [:]) { $1 }
            let words = all.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
            log.kept.withLock { $0.append("\(event.level) \(event.message) \(words)") }
        }
    }
}
