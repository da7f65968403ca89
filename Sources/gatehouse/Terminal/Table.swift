/// Rows under headings, fitted to the width of the terminal.
struct Table {
    let headings: [String]
    let rows: [[String]]

    private static let gap = "  "
    /// A column is not squeezed below this many characters.
    private static let narrowest = 8

    /// The lines of the table; without a width every cell stands whole.
    func lines(width: Int?) -> [String] {
        let cells = ([headings] + rows).map { $0.map(Terminal.sanitised) }
        let widths = fitted(naturalWidths(of: cells), into: width)
        return cells.map { line($0, widths) }
    }

    private func naturalWidths(of cells: [[String]]) -> [Int] {
        headings.indices.map { column in cells.map { $0[column].count }.max() ?? 0 }
    }

    /// Takes from the widest column until all of them fit; short columns stay whole.
    private func fitted(_ natural: [Int], into width: Int?) -> [Int] {
        guard let width else { return natural }
        var widths = natural
        let available = width - Self.gap.count * (widths.count - 1)
        while widths.reduce(0, +) > available {
            // The first column names the row and is what a person copies: it stays whole.
            let others = widths.indices.dropFirst()
            guard let widest = others.max(by: { widths[$0] < widths[$1] }), widths[widest] > Self.narrowest else {
                break
            }
            widths[widest] -= 1
        }
        return widths
    }

    private func line(_ cells: [String], _ widths: [Int]) -> String {
        let padded = zip(cells, widths).map { cell, width in
            let shown = cell.count > width ? String(cell.prefix(width - 1)) + "…" : cell
            return shown + String(repeating: " ", count: width - shown.count)
        }
        let line = padded.joined(separator: Self.gap)
        return String(line.reversed().drop { $0 == " " }.reversed())
    }
}
