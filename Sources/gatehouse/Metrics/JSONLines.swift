import Foundation
import JOSE
import Logging
import OAuth

/// Writes one JSON object a line to standard error; whatever a client sent in a value stays inside its quotes.
struct JSONLines: LogHandler {
    var metadata: Logger.Metadata = [:]
    /// A library's news counts only while this says so: what it says about a start that failed is said better elsewhere.
    private let speaks: @Sendable () -> Bool
    private var ownLevel: Logger.Level?

    /// Writes from `logLevel` on, or from the configured level on, which can change while the server runs.
    init(logLevel: Logger.Level? = nil, speaks: @escaping @Sendable () -> Bool = { true }) {
        ownLevel = logLevel
        self.speaks = speaks
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
        guard speaks() else { return }
        Terminal.log(line(event, at: Date()))
    }

    /// The line for an event.
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
