/// Spells lengths of time as the configuration, the command line and the consent page do.
package enum Lifetime {
    private static let units: [(name: Character, seconds: Int64)] = [("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)]

    /// The shortest exact spelling of `seconds`: `90s`, `10m`, `12h`, `30d`.
    package static func text(_ seconds: Int64) -> String {
        for (unit, length) in units where seconds >= length && seconds % length == 0 {
            if unit == "d", seconds == length { continue }
            return "\(seconds / length)\(unit)"
        }
        return "\(seconds)s"
    }

    /// The seconds that a number with a unit stands for, such as `90s`, `10m`, `12h`, `30d`; nil for any other text.
    package static func seconds(_ text: String) -> Int64? {
        guard let last = text.last, let unit = units.first(where: { $0.name == last }) else { return nil }
        let digits = text.dropLast()
        guard !digits.isEmpty, digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let count = Int64(digits)
        else { return nil }
        let (seconds, overflow) = count.multipliedReportingOverflow(by: unit.seconds)
        return overflow ? nil : seconds
    }
}
