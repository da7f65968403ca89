/// A time in whole seconds since 1970 (UTC), the precision of tokens and rows.
///
/// Spec: RFC 3339 §5.6
package struct Timestamp: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// Seconds since 1970-01-01T00:00:00Z.
    package let seconds: Int64

    /// Makes a time from its seconds.
    package init(seconds: Int64) {
        self.seconds = seconds
    }

    /// Parses a date-time such as `2026-11-21T05:17:52Z` or `2026-11-21T06:17:52.25+01:00`. A fraction of up to nine digits is
    /// cut off. `T` and `Z` are upper-case, and there are no leap seconds: programs read both differently.
    package init?(rfc3339 text: String) {
        guard let time = DateTimeText(text)?.seconds else { return nil }
        seconds = time
    }

    /// The time in UTC, for example `2026-11-21T05:17:52Z`.
    package var rfc3339: String {
        let days = seconds >= 0 ? seconds / 86_400 : (seconds - 86_399) / 86_400
        let date = CivilDate(days: days)
        let rest = seconds - days * 86_400
        func padded(_ number: Int64, _ width: Int) -> String {
            let digits = String(number)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        let day = [padded(date.year, 4), padded(date.month, 2), padded(date.day, 2)].joined(separator: "-")
        let time = [rest / 3_600, rest / 60 % 60, rest % 60].map { padded($0, 2) }.joined(separator: ":")
        return "\(day)T\(time)Z"
    }

    /// The same as `rfc3339`.
    package var description: String { rfc3339 }

    /// Orders by time.
    package static func < (one: Timestamp, other: Timestamp) -> Bool { one.seconds < other.seconds }
    /// The time so many seconds later.
    package static func + (one: Timestamp, seconds: Int64) -> Timestamp { Timestamp(seconds: one.seconds + seconds) }
    /// The time so many seconds earlier.
    package static func - (one: Timestamp, seconds: Int64) -> Timestamp { Timestamp(seconds: one.seconds - seconds) }
    /// Whether this is at most `seconds` after `earlier`. False if it is before: after a clock was set back the elapsed time is
    /// unknown, and no limit may be extended by it.
    package func isWithin(_ seconds: Int64, of earlier: Timestamp) -> Bool {
        earlier <= self && self - earlier <= seconds
    }
    /// The seconds between two times.
    package static func - (one: Timestamp, other: Timestamp) -> Int64 { one.seconds - other.seconds }
}
