import JOSE

/// Writes rows as CSV with a heading line: every field of the rows, unlike the table, in the order of the first row.
///
/// Spec: RFC 4180 §2
struct CSVTable {
    let rows: [JSONObject]

    /// The lines, without line ends.
    var lines: [String] {
        var names: [String] = []
        for row in rows {
            for member in row.members where !names.contains(member.name) { names.append(member.name) }
        }
        guard !names.isEmpty else { return [] }
        return [names.map(Self.field).joined(separator: ",")]
            + rows.map { row in names.map { Self.cell(row[$0]) }.joined(separator: ",") }
    }

    private static func cell(_ value: JSON?) -> String {
        switch value {
        case nil, .null: ""
        case .bool(let value): value ? "true" : "false"
        case .object(let object): field(JSON.object(object).text)
        case .array(let elements):
            field(elements.map { $0.string ?? $0.text }.joined(separator: " "))
        case .some(let value): field(Presentation.values(value).joined(separator: " "))
        }
    }

    /// A field in quotes where it needs them. Programs for spreadsheets calculate what begins like a formula, and names of clients
    /// come from strangers, so that an apostrophe makes it a text.
    private static func field(_ text: String) -> String {
        let text = Terminal.sanitised(text)
        let isFormula = text.first.map { "=+-@".contains($0) } ?? false
        let shown = isFormula ? "'" + text : text
        guard shown.contains(where: { ",\"\n\r".contains($0) }) else { return shown }
        return "\"" + shown.replacing("\"", with: "\"\"") + "\""
    }
}
