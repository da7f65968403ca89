import Foundation
import JOSE
import Logging
import OAuth

/// Writes one JSON object a line to standard error. JSON escaping keeps text from clients inside its value, so that it cannot
/// forge a line.
struct JSONLines: LogHandler {
    var metadata: Logger.Metadata = [:]
    /// Whether to write at all, asked for each event.
    private let isEnabled: @Sendable () -> Bool
    private var ownLevel: Logger.Level?

    /// Writes events from `logLevel` on, or without one from `log.level` on, which a reload can change.
    init(logLevel: Logger.Level? = nil, isEnabled: @escaping @Sendable () -> Bool = { true }) {
        ownLevel = logLevel
        self.isEnabled = isEnabled
    }

    var logLevel: Logger.Level {
        get { ownLevel ?? LogThreshold.shared.level }
        set { ownLevel = newValue }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        guard isEnabled() else { return }
        Terminal.log(line(event, at: Date()))
    }

    /// The line of an event, without the line feed.
    func line(_ event: LogEvent, at date: Date) -> String {
        let seconds = Int64(date.timeIntervalSince1970.rounded(.down))
        var object: JSONObject = [
            "at": .string(Timestamp(seconds: seconds).rfc3339), "level": .string(event.level.rawValue),
            "message": .string(event.message.description),
        ]
        let all = metadata.merging(event.metadata ?? [:]) { $1 }
        for (key, value) in all.sorted(by: { $0.key < $1.key }) where object[key] == nil {
            object[key] = .string("\(value)")
        }
        return JSON.object(object).text
    }
}
