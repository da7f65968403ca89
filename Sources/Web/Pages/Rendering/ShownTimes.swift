import OAuth

extension Timestamp {
    /// The time to the minute as pages show it, such as `2026-11-21 08:15 UTC`.
    var shown: String {
        let text = rfc3339
        return "\(text.prefix(10)) \(text.dropFirst(11).prefix(5)) UTC"
    }

    /// The time to the second, for lists whose entries could share a minute.
    var shownToTheSecond: String {
        let text = rfc3339
        return "\(text.prefix(10)) \(text.dropFirst(11).prefix(8)) UTC"
    }
}

/// The time that a user has to wait, as text.
enum WaitingTime {
    /// The duration in seconds below one minute, else in minutes, rounded up.
    static func words(_ seconds: Int64) -> String {
        if seconds < 60 { return seconds == 1 ? "1 second" : "\(seconds) seconds" }
        let minutes = (seconds + 59) / 60
        return minutes == 1 ? "1 minute" : "\(minutes) minutes"
    }
}
