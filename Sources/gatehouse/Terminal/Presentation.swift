import AuthorizationServer
import JOSE
import OAuth

/// A column of a table: the field of the row, and the heading above it.
struct Column: Sendable {
    /// How the cells of a column are written.
    enum Style: Sendable {
        case plain
        /// An identifier to copy into the next command; never cut.
        case id
        /// A URL; its middle is left out where the table is too wide.
        case link
        /// An explanation, which is still useful when it is cut to a few characters.
        case aside
        /// A time, printed as its distance from now, such as `5m ago`.
        case time
    }

    let field: String
    let heading: String
    let style: Style

    init(_ field: String, _ heading: String? = nil, _ style: Style = .plain) {
        let words = field.hasSuffix("_at") ? field.dropLast(3) : field[...]
        self.field = field
        self.heading = heading ?? words.uppercased().replacing("_", with: " ")
        self.style = style
    }

    init(_ field: String, _ style: Style) {
        self.init(field, nil, style)
    }
}

/// Prints an answer: JSON with `--json`, CSV with `--csv`, otherwise a table or a list of fields.
struct Presentation {
    let columns: [Column]
    let json: Bool
    /// Whether to print one page with its cursor, as `--page` asks.
    var isPage = false
    /// Whether to print CSV.
    var csv = false
    /// Whether times are printed in UTC instead of their distance from now.
    var utc = false
    var now = WallClock.system.now()
    /// Turns a row into the row that the table or the list of fields shows.
    var displayed: (JSONObject) -> JSONObject = { $0 }

    func show(_ answer: AdministrationAnswer) {
        // The page holds the cursor itself, so that the warning about further pages is not needed.
        if isPage { return Terminal.print(answer.pageJSON.text) }
        defer { if let warning = answer.warning { Terminal.printError(warning) } }
        if json {
            Terminal.print(answer.json.text)
            return
        }
        let lines = csv ? CSVTable(rows: answer.rows).lines : text(answer, width: Terminal.width)
        if !lines.isEmpty { Terminal.print(lines.joined(separator: "\n")) }
    }

    /// The lines as the terminal shows them; `width` in columns, nil for a pipe.
    func text(_ answer: AdministrationAnswer, width: Int?) -> [String] {
        var lines: [String] = []
        switch answer.shape {
        case .one: lines = answer.rows.map(displayed).flatMap { FieldList(width: width).lines(of: $0) }
        case .many where answer.rows.isEmpty: lines = (answer.note ?? answer.warning) == nil ? ["No results."] : []
        case .many: lines = table(answer.rows, width: width)
        }
        if let note = answer.note { lines.append(Terminal.sanitised(note)) }
        return lines
    }

    private func table(_ rows: [JSONObject], width: Int?) -> [String] {
        let cells = rows.map(displayed).map { row in columns.map { cell(row[$0.field], $0.style) } }
        return Table(columns: columns, rows: cells).lines(width: width)
    }

    private func cell(_ value: JSON?, _ style: Column.Style) -> String {
        guard style == .time, let time = value?.string.flatMap(Timestamp.init(rfc3339:)) else {
            return Self.cell(value)
        }
        guard !utc else { return time.rfc3339 }
        return Self.distance(time.seconds - now.seconds)
    }

    /// `in 12h`, `5m ago`: the largest unit that fits.
    static func distance(_ seconds: Int64) -> String {
        let units: [(length: Int64, name: String)] = [(86_400, "d"), (3600, "h"), (60, "m"), (1, "s")]
        let size = abs(seconds)
        guard let unit = units.first(where: { size >= $0.length }) else { return "now" }
        let amount = "\(size / unit.length)\(unit.name)"
        return seconds > 0 ? "in \(amount)" : "\(amount) ago"
    }

    private static func cell(_ value: JSON?) -> String {
        values(value ?? .null).joined(separator: ", ")
    }

    /// The lines of a value, one for each element of a list.
    static func values(_ value: JSON) -> [String] {
        switch value {
        case .null: ["-"]
        case .bool(let value): [value ? "yes" : "no"]
        case .integer(let value): ["\(value)"]
        case .number(let value): ["\(value)"]
        case .string(let value): [value]
        case .array(let elements): elements.isEmpty ? ["-"] : elements.flatMap(values)
        case .object(let object): [inOneLine(object)]
        }
    }

    /// The members of a nested object in one line, without the empty ones.
    private static func inOneLine(_ object: JSONObject) -> String {
        let members = object.members.map { (name: $0.name.replacing("_", with: " "), value: cell($0.value)) }
        return members.filter { $0.value != "-" }.map { "\($0.name) \($0.value)" }.joined(separator: ", ")
    }
}
