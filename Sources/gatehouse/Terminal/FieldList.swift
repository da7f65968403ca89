import JOSE

/// Prints one object, a field a line. Nothing is cut; a value that is too long for the terminal continues on the next line.
struct FieldList {
    /// The width of the terminal in columns; nil for a pipe.
    let width: Int?

    private static let gap = 2
    /// The narrowest column of values, in characters.
    private static let narrowest = 24

    /// The lines with name and value of each field.
    func lines(of row: JSONObject) -> [String] {
        let names = row.members.map { Terminal.sanitised($0.name.replacing("_", with: " ")) }
        return table(names, row.members.map(\.value)) { value, width in
            switch value {
            case .object(let object): part(object, width)
            case .null, .bool, .integer, .number, .string, .array:
                Presentation.values(value).flatMap { Self.wrapped($0, width) }
            }
        }
    }

    /// The lines of a field that holds an object. Its names can come from users, such as scopes, so that they print unchanged.
    private func part(_ object: JSONObject, _ width: Int?) -> [String] {
        if let text = Self.valueWithOrigin(object) { return Self.wrapped(text, width) }
        guard !object.members.isEmpty else { return ["-"] }
        let names = object.members.map { Terminal.sanitised($0.name) }
        return FieldList(width: width).table(names, object.members.map(\.value)) { value, width in
            Self.wrapped(Presentation.values(value).joined(separator: ", "), width)
        }
    }

    /// A value with its origin, such as `8h (policy)`; nil for another object.
    private static func valueWithOrigin(_ object: JSONObject) -> String? {
        guard object.members.count == 2, let value = object["value"], let from = object["from"]?.string else {
            return nil
        }
        guard value.array?.isEmpty != true else { return "- (\(from))" }
        return "\(Presentation.values(value).joined(separator: ", ")) (\(from))"
    }

    /// The names in one column, and the lines of each value beside its name.
    private func table(_ names: [String], _ values: [JSON], _ lines: (JSON, Int?) -> [String]) -> [String] {
        let column = (names.map(\.count).max() ?? 0) + Self.gap
        let rest = width.map { max($0 - column, Self.narrowest) }
        return zip(names, values).flatMap { name, value in
            lines(value, rest).enumerated().map { index, line in
                let shown = index == 0 ? name : ""
                return shown + String(repeating: " ", count: column - shown.count) + line
            }
        }
    }

    /// The text in lines of at most `width`, broken at spaces and indented from the second on. A longer word stays whole.
    private static func wrapped(_ text: String, _ width: Int?) -> [String] {
        let text = Terminal.sanitised(text)
        guard let width, text.count > width else { return [text] }
        var lines: [String] = []
        for word in text.split(separator: " ") {
            if let last = lines.last, last.count + 1 + word.count <= width {
                lines[lines.count - 1] = last + " " + word
            } else {
                lines.append((lines.isEmpty ? "" : "  ") + word)
            }
        }
        return lines
    }
}
