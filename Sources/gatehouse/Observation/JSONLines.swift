import Foundation
import JOSE
import Logging
import OAuth

/// Writes one JSON object a line to standard error; whatever a client sent in a value stays inside its quotes.
struct JSONLines: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info
    /// A library's news counts only while this says so: what it says about a start that failed is said better elsewhere.
    var speaks: @Sendable () -> Bool = { true }

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
