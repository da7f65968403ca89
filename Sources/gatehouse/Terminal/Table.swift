/// Rows under headings, fitted to the width of the terminal.
///
/// Identifiers and times are never cut. If they leave too little room for the other columns, each row continues in an indented
/// line below, and so do the headings. No column is left out.
struct Table {
    let columns: [Column]
    let rows: [[String]]

    private static let gap = 2
    /// The indentation of continued lines, in characters.
    private static let indent = 2

    /// One line of each row: its columns and their widths.
    private struct Part {
        var columns: [Int]
        var widths: [Int: Int] = [:]
        let indent: Int
    }

    /// The lines of the table. Without a width every row is one line and no cell is cut.
    func lines(width: Int?) -> [String] {
        let cells = ([columns.map(\.heading)] + rows).map { $0.map(Terminal.sanitised) }
        let natural = columns.indices.map { column in cells.map { $0[column].count }.max() ?? 0 }
        let parts = parts(natural, width ?? .max).map { fitted($0, natural, width ?? .max) }
        return cells.flatMap { row in parts.map { line(row, $0) } }
    }

    /// The least width of a column.
    private func needed(_ column: Int, _ natural: [Int]) -> Int {
        // The first column identifies the row and is copied into the next command.
        guard column > 0, let least = columns[column].style.leastWidth else { return natural[column] }
        return min(natural[column], least)
    }

    /// Distributes the columns over lines: as many as fit into each.
    private func parts(_ natural: [Int], _ width: Int) -> [Part] {
        var parts = [Part(columns: [], indent: 0)]
        var used = 0
        for column in columns.indices {
            let more = needed(column, natural) + (parts[parts.count - 1].columns.isEmpty ? 0 : Self.gap)
            if used + more > width, !parts[parts.count - 1].columns.isEmpty {
                parts.append(Part(columns: [column], indent: Self.indent))
                used = Self.indent + needed(column, natural)
            } else {
                parts[parts.count - 1].columns.append(column)
                used += more
            }
        }
        return parts
    }

    /// Narrows the widest column until all columns fit; short columns stay whole.
    private func fitted(_ part: Part, _ natural: [Int], _ width: Int) -> Part {
        var widths = Dictionary(uniqueKeysWithValues: part.columns.map { ($0, natural[$0]) })
        let available = width - part.indent - Self.gap * (part.columns.count - 1)
        while widths.values.reduce(0, +) > available {
            let others = part.columns.filter { widths[$0, default: 0] > needed($0, natural) }
            guard let widest = others.max(by: { widths[$0, default: 0] < widths[$1, default: 0] }) else { break }
            widths[widest, default: 0] -= 1
        }
        var fitted = part
        fitted.widths = widths
        return fitted
    }

    private func line(_ cells: [String], _ part: Part) -> String {
        let padded = part.columns.map { column in
            let width = part.widths[column, default: 0]
            let shown = columns[column].style.cut(cells[column], to: width)
            return shown + String(repeating: " ", count: width - shown.count)
        }
        let line =
            String(repeating: " ", count: part.indent)
            + padded.joined(separator: String(repeating: " ", count: Self.gap))
        return String(line.reversed().drop { $0 == " " }.reversed())
    }
}

extension Column.Style {
    /// The least useful width, in characters; nil for a column that is never cut.
    fileprivate var leastWidth: Int? {
        switch self {
        case .aside: 8
        case .plain: 12
        case .link: 24
        case .id, .time: nil
        }
    }

    /// The text cut to a width. Both ends of a URL say the most, its scheme nothing.
    fileprivate func cut(_ text: String, to width: Int) -> String {
        guard text.count > width else { return text }
        guard case .link = self else { return text.prefix(width - 1) + "…" }
        let rest = text.hasPrefix("https://") ? String(text.dropFirst(8)) : text
        guard rest.count > width else { return rest }
        let end = (width - 1) / 2
        return rest.prefix(width - 1 - end) + "…" + rest.suffix(end)
    }
}
