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

    /// Parses `2026-11-21T05:17:52Z`: UTC and whole seconds only.
    package init?(rfc3339 text: String) {
        let bytes = Array(text.utf8)
        let marks: [(Int, UInt8)] = [(4, 0x2D), (7, 0x2D), (10, 0x54), (13, 0x3A), (16, 0x3A), (19, 0x5A)]
        guard bytes.count == 20, marks.allSatisfy({ bytes[$0.0] == $0.1 }) else { return nil }
        func number(_ range: Range<Int>) -> Int64? {
            guard bytes[range].allSatisfy(\.isASCIIDigit) else { return nil }
            return bytes[range].reduce(0) { $0 * 10 + Int64($1 - 0x30) }
        }
        guard let year = number(0..<4), let month = number(5..<7), let day = number(8..<10),
            let hour = number(11..<13), let minute = number(14..<16), let second = number(17..<19),
            hour < 24, minute < 60, second < 60
        else { return nil }
        let date = CivilDate(year: year, month: month, day: day)
        // Converting the result back detects dates such as 31 June without a table of months.
        guard CivilDate(days: date.days) == date else { return nil }
        seconds = date.days * 86_400 + hour * 3_600 + minute * 60 + second
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

/// A day of the Gregorian calendar and its number, counted from 1970-01-01.
///
/// Years begin in March, so that the leap day is the last day of the year and the months before it are regular.
private struct CivilDate: Equatable {
    let year: Int64
    let month: Int64
    let day: Int64

    init(year: Int64, month: Int64, day: Int64) {
        self.year = year
        self.month = month
        self.day = day
    }

    init(days: Int64) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
        month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    var days: Int64 {
        let marchYear = month <= 2 ? year - 1 : year
        let era = (marchYear >= 0 ? marchYear : marchYear - 399) / 400
        let yearOfEra = marchYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }
}
