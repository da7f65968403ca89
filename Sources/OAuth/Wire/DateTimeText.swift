/// The text of a date-time, read strictly; `Timestamp` is its value.
struct DateTimeText {
    private static let longestFraction = 9
    /// The times whose year has four digits, which is all that the format can write.
    private static let writable = -62_167_219_200...Int64(253_402_300_799)

    /// Seconds since 1970-01-01T00:00:00Z, rounded down.
    let seconds: Int64

    init?(_ text: String) {
        var rest = Array(text.utf8)[...]
        guard let year = rest.takeNumber(4), rest.take("-"), let month = rest.takeNumber(2), rest.take("-"),
            let day = rest.takeNumber(2), rest.take("T"), let hour = rest.takeNumber(2), rest.take(":"),
            let minute = rest.takeNumber(2), rest.take(":"), let second = rest.takeNumber(2), hour < 24, minute < 60,
            second < 60, Self.skipFraction(&rest), let offset = Self.takeOffset(&rest), rest.isEmpty
        else { return nil }
        let date = CivilDate(year: year, month: month, day: day)
        // Converting the result back detects dates such as 31 June without a table of months.
        guard CivilDate(days: date.days) == date else { return nil }
        seconds = date.days * 86_400 + hour * 3_600 + minute * 60 + second - offset
        guard Self.writable.contains(seconds) else { return nil }
    }

    /// Skips a fraction of a second if there is one; false if it has no digit or too many.
    private static func skipFraction(_ rest: inout ArraySlice<UInt8>) -> Bool {
        guard rest.take(".") else { return true }
        let digits = rest.prefix { $0.isASCIIDigit }
        rest = rest.dropFirst(digits.count)
        return (1...longestFraction).contains(digits.count)
    }

    /// Takes `Z` or an offset such as `+01:00`, in seconds that the written time is ahead of UTC.
    private static func takeOffset(_ rest: inout ArraySlice<UInt8>) -> Int64? {
        if rest.take("Z") { return 0 }
        let isBehind = rest.take("-")
        guard isBehind || rest.take("+"), let hours = rest.takeNumber(2), rest.take(":"),
            let minutes = rest.takeNumber(2), hours < 24, minutes < 60
        else { return nil }
        return (hours * 3_600 + minutes * 60) * (isBehind ? -1 : 1)
    }
}

extension ArraySlice<UInt8> {
    fileprivate mutating func take(_ mark: Unicode.Scalar) -> Bool {
        guard let first, Unicode.Scalar(first) == mark else { return false }
        removeFirst()
        return true
    }

    fileprivate mutating func takeNumber(_ digits: Int) -> Int64? {
        let taken = prefix(digits)
        guard taken.count == digits, taken.allSatisfy(\.isASCIIDigit) else { return nil }
        self = dropFirst(digits)
        return taken.reduce(0) { $0 * 10 + Int64($1 - 0x30) }
    }
}
