import JOSE

/// One thing, its fields below each other; nothing is cut, and what is too long for the terminal goes on below.
struct Description {
    /// The columns to fill; nil where there is nothing to fit into.
    let width: Int?

    private static let gap = 2
    /// A value is not squeezed below this many characters.
    private static let narrowest = 24

    /// Name and value of each field.
    func lines(of row: JSONObject) -> [String] {
        let names = row.members.map { Terminal.sanitised($0.name.replacing("_", with: " ")) }
        return table(names, row.members.map(\.value)) { value, width in
            switch value {
            case .object(let object): part(object, width)
            default: Presentation.values(value).flatMap { Self.wrapped($0, width) }
            }
        }
    }

    /// What a field holds that has fields itself: their names are not ours to change.
    private func part(_ object: JSONObject, _ width: Int?) -> [String] {
        if let said = Self.said(object) { return Self.wrapped(said, width) }
        guard !object.members.isEmpty else { return ["-"] }
        let names = object.members.map { Terminal.sanitised($0.name) }
        return Description(width: width).table(names, object.members.map(\.value)) { value, width in
            Self.wrapped(Presentation.values(value).joined(separator: ", "), width)
        }
    }

    /// A value together with who says so.
    private static func said(_ object: JSONObject) -> String? {
        guard object.members.count == 2, let value = object["value"], let from = object["from"]?.string else {
            return nil
        }
        guard value.array?.isEmpty != true else { return "as the \(from) says" }
        return "\(Presentation.values(value).joined(separator: ", ")) (\(from))"
    }

    /// Names in a column, and beside each the lines of its value.
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

    /// The text in lines that fit, broken at blanks and indented from the second on; a word that is longer stays whole.
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
