import AuthorizationServer
import JOSE
import OAuth

/// A column of a table: the field of the answer, and the heading above it.
struct Column: Sendable {
    /// How the cells of a column are written.
    enum Style: Sendable {
        case plain
        /// What a person copies into the next command: never cut.
        case id
        /// A URL that is only read: where there is no room its middle is left out.
        case link
        /// What explains the rest, and still does when little of it is left.
        case aside
        /// A time is told as its distance from now, which is short and what a person asks for.
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

/// Shows an answer: JSON to a program, a table or a description to a person.
struct Presentation {
    let columns: [Column]
    let json: Bool
    /// Whether a program wants to know where the list goes on.
    var isPage = false
    var now = WallClock.system.now()
    /// How a row of a table is told to a person.
    var told: (JSONObject) -> JSONObject = { $0 }

    func show(_ answer: AdministrationAnswer) {
        // It stands in the page, and a sentence about it would only be in a program's way.
        if isPage { return Terminal.print(answer.pageJSON.text) }
        defer { if let warning = answer.warning { Terminal.complain(warning) } }
        if json {
            Terminal.print(answer.json.text)
            return
        }
        let lines = text(answer, width: Terminal.width)
        if !lines.isEmpty { Terminal.print(lines.joined(separator: "\n")) }
    }

    /// The lines for a person.
    func text(_ answer: AdministrationAnswer, width: Int?) -> [String] {
        var lines: [String] = []
        switch answer.shape {
        case .one: lines = answer.rows.flatMap { Description(width: width).lines(of: $0) }
        case .many where answer.rows.isEmpty: lines = (answer.note ?? answer.warning) == nil ? ["None."] : []
        case .many: lines = table(answer.rows, width: width)
        }
        if let note = answer.note { lines.append(Terminal.sanitised(note)) }
        return lines
    }

    private func table(_ rows: [JSONObject], width: Int?) -> [String] {
        let cells = rows.map(told).map { row in columns.map { cell(row[$0.field], $0.style) } }
        return Table(columns: columns, rows: cells).lines(width: width)
    }

    private func cell(_ value: JSON?, _ style: Column.Style) -> String {
        guard style == .time, let time = value?.string.flatMap(Timestamp.init(rfc3339:)) else {
            return Self.cell(value)
        }
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

    /// A value as the lines that a person reads, one for each element of a list.
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

    /// Of what stands inside only what says something.
    private static func inOneLine(_ object: JSONObject) -> String {
        let told = object.members.map { (name: $0.name.replacing("_", with: " "), value: cell($0.value)) }
        return told.filter { $0.value != "-" }.map { "\($0.name) \($0.value)" }.joined(separator: ", ")
    }
}
