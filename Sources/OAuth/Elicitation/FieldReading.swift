import Foundation
import JOSE

extension SchemaField {
    /// The result of reading one field.
    enum Reading: Hashable {
        case value(JSON)
        case nothing
        case problem(String)
    }

    /// Checks the submitted values of this field. No sentence repeats a value, which may be a secret.
    func read(_ values: [String]) -> Reading {
        let reading = reading(of: values)
        return reading == .nothing && isNullIfEmpty ? .value(.null) : reading
    }

    private func reading(of values: [String]) -> Reading {
        switch kind {
        case .flag: return flag(values)
        case .choices(let options, let count): return choices(values, among: options, count)
        case .text(_, .password): return single(values, isTrimmed: false)
        case .text, .number, .choice: return single(values, isTrimmed: true)
        }
    }

    private func flag(_ values: [String]) -> Reading {
        guard values.isEmpty || values == [Self.flagValue] else { return .problem("Tick this box, or leave it empty.") }
        return .value(.bool(!values.isEmpty))
    }

    private func choices(_ values: [String], among options: [Option], _ count: ClosedRange<Int>) -> Reading {
        guard values.allSatisfy({ value in options.contains { $0.value == value } }),
            Set(values).count == values.count
        else { return .problem("Choose only the values on the list.") }
        if values.isEmpty, !isRequired { return .nothing }
        guard count.contains(values.count), !values.isEmpty || count.contains(0) else {
            return .problem("Choose from \(count.lowerBound) to \(count.upperBound) of these.")
        }
        return .value(.strings(values))
    }

    private func single(_ values: [String], isTrimmed: Bool) -> Reading {
        guard values.count <= 1 else { return .problem("Enter one value.") }
        let typed = values.first ?? ""
        // Spaces around a value come from copying; in a password they may be intended.
        let value = isTrimmed ? typed.trimmingCharacters(in: .whitespacesAndNewlines) : typed
        guard !value.isEmpty else { return isRequired ? .problem("Fill in this field.") : .nothing }
        guard value.unicodeScalars.count <= Self.longestValue else { return .problem("This is too long.") }
        switch kind {
        case .text(let length, let format): return text(value, length, format)
        case .number(let isWhole, let minimum, let maximum): return number(value, isWhole, minimum, maximum)
        case .choice(let options):
            guard options.contains(where: { $0.value == value }) else {
                return .problem("Choose one of the values on the list.")
            }
            return .value(.string(value))
        case .flag, .choices: return .nothing
        }
    }

    private func text(_ value: String, _ length: ClosedRange<Int>, _ format: Format?) -> Reading {
        let count = value.unicodeScalars.count
        guard count >= length.lowerBound else { return .problem("Enter at least \(length.lowerBound) characters.") }
        guard count <= length.upperBound else { return .problem("Enter at most \(length.upperBound) characters.") }
        guard pattern?.matches(value) ?? true else {
            return .problem("This does not have the form that the MCP server requires. Check it for typing errors.")
        }
        switch format {
        case .email where !Self.isMailbox(value): return .problem("Enter an e-mail address, like ana@example.org.")
        case .uri where !Self.isURI(value): return .problem("Enter an address that begins with https://.")
        case .date where Timestamp(rfc3339: value + "T00:00:00Z") == nil:
            return .problem("Enter a date as year-month-day, like 2026-11-21.")
        case .dateTime where Timestamp(rfc3339: value) == nil:
            return .problem("Enter a date and time, like 2026-11-21T09:30:00Z or 2026-11-21T10:30:00+01:00.")
        case .email, .uri, .date, .dateTime, .password, nil: return .value(.string(value))
        }
    }

    private func number(_ text: String, _ isWhole: Bool, _ minimum: Double?, _ maximum: Double?) -> Reading {
        let value: JSON
        let size: Double
        if let whole = Int64(text), whole.magnitude <= 1 << 53 {
            (value, size) = (.integer(whole), Double(whole))
        } else if !isWhole, let number = Double(text), number.isFinite,
            text.utf8.allSatisfy({ "0123456789+-.eE".utf8.contains($0) })
        {
            (value, size) = (.number(number), number)
        } else {
            return .problem(isWhole ? "Enter a whole number." : "Enter a number, with a point and no comma.")
        }
        if let minimum, size < minimum { return .problem("Enter a number of at least \(Self.text(minimum)).") }
        if let maximum, size > maximum { return .problem("Enter a number of at most \(Self.text(maximum)).") }
        return .value(value)
    }

    private static func text(_ number: Double) -> String {
        (try? JSON.number(number).canonical()).map { String(decoding: $0, as: UTF8.self) } ?? number.description
    }

    /// Whether the text has the form of an e-mail address: one `@` with text on both sides, no white space.
    private static func isMailbox(_ text: String) -> Bool {
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        return parts.count == 2 && !parts[0].isEmpty && !parts[1].isEmpty && text.utf8.count <= 254
            && !text.unicodeScalars.contains { $0.properties.isWhitespace || $0.value < 0x20 }
    }

    private static func isURI(_ text: String) -> Bool {
        guard let uri = try? StrictURI(text, called: "address") else { return false }
        return (uri.scheme == "https" || uri.scheme == "http") && uri.authority != nil
    }
}
