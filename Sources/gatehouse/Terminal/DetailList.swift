import AuthorizationServer
import JOSE

/// Prints rows that end in a sentence, such as findings of the doctor: short labels, then the whole sentence in as many lines as
/// it needs.
struct DetailList {
    /// The fields before the sentence, which is in the field `detail`.
    let labels: [String]
    let json: Bool

    private static let gap = "  "
    /// The narrowest column of sentences, in characters.
    private static let narrowest = 24

    func show(_ answer: AdministrationAnswer) {
        if json {
            Terminal.print(answer.json.text)
            return
        }
        Terminal.print(lines(answer, width: Terminal.width).joined(separator: "\n"))
    }

    /// The lines as the terminal shows them.
    func lines(_ answer: AdministrationAnswer, width: Int?) -> [String] {
        let widths = labels.map { label in answer.rows.map { Self.text($0[label]).count }.max() ?? 0 }
        let indent = widths.reduce(0) { $0 + $1 + Self.gap.count }
        var lines: [String] = []
        for row in answer.rows {
            let front = zip(labels, widths).map { label, width in
                let text = Self.text(row[label])
                return text + String(repeating: " ", count: width - text.count) + Self.gap
            }.joined()
            let room = width.map { max($0 - indent, Self.narrowest) }
            for (number, line) in Self.broken(Self.text(row["detail"]), room).enumerated() {
                lines.append((number == 0 ? front : String(repeating: " ", count: indent)) + line)
            }
        }
        return lines + (answer.note.map { [Terminal.sanitised($0)] } ?? [])
    }

    /// The words of a text in lines of at most `width` characters. A longer word gets its own line.
    private static func broken(_ text: String, _ width: Int?) -> [String] {
        guard let width else { return [text] }
        var lines = [""]
        for word in text.split(separator: " ") {
            let last = lines[lines.count - 1]
            if last.isEmpty {
                lines[lines.count - 1] = String(word)
            } else if last.count + 1 + word.count <= width {
                lines[lines.count - 1] = last + " " + word
            } else {
                lines.append(String(word))
            }
        }
        return lines
    }

    private static func text(_ value: JSON?) -> String { Terminal.sanitised(value?.string ?? "") }
}
