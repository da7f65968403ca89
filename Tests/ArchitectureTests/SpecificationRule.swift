import Foundation

/// The index of specifications and the `Spec:` lines in the sources say the same.
enum SpecificationRule {
    /// A row of the index.
    struct Row: Equatable {
        let specification: String
        let section: String
        let types: [String]
        let suites: [String]

        var name: String { specification + " " + section }
    }

    static func rows(in index: String) -> [Row] {
        index.split(separator: "\n").compactMap { line in
            let cells = line.split(separator: "|", omittingEmptySubsequences: false).dropFirst().dropLast()
                .map { $0.trimmingCharacters(in: .whitespaces) }
            guard cells.count == 4, !cells[0].hasPrefix("-"), cells[0] != "specification" else { return nil }
            return Row(
                specification: cells[0], section: cells[1], types: names(in: cells[2]), suites: names(in: cells[3]))
        }
    }

    static func violations(index: String, sources: [RepositoryFile], tests: [RepositoryFile]) -> [String] {
        let rows = rows(in: index)
        let sources = sources.map { Source(path: $0.path, types: types(in: $0.text), marks: marks(in: $0.text)) }
        let suites = Set(tests.flatMap { types(in: $0.text) })
        return missingRows(rows, sources) + rows.flatMap { violations(of: $0, sources: sources, suites: suites) }
    }

    /// A source as this rule sees it.
    private struct Source {
        let path: String
        let types: Set<String>
        let marks: [String]
    }

    private static func missingRows(_ rows: [Row], _ sources: [Source]) -> [String] {
        sources.flatMap { file in
            file.marks.filter { mark in !rows.contains { $0.name == mark && !file.types.isDisjoint(with: $0.types) } }
                .map { "\(file.path): 'Spec: \($0)' has no row in the index that names a type of this file" }
        }
    }

    private static func violations(of row: Row, sources: [Source], suites: Set<String>) -> [String] {
        var found: [String] = []
        if row.types.isEmpty { found.append("The row \(row.name) names no type") }
        for type in row.types {
            let files = sources.filter { $0.types.contains(type) }
            if files.isEmpty {
                found.append("The row \(row.name) names \(type), which does not exist")
            } else if !files.contains(where: { $0.marks.contains(row.name) }) {
                found.append("The row \(row.name) names \(type), which carries no such 'Spec:' line")
            }
        }
        for suite in row.suites where !suites.contains(suite) {
            found.append("The row \(row.name) names the suite \(suite), which does not exist")
        }
        if row.suites.isEmpty { found.append("The row \(row.name) names no suite") }
        return found
    }

    /// What stands behind `Spec:` in the documentation comments of a text.
    static func marks(in text: String) -> [String] {
        text.split(separator: "\n").compactMap { line in
            let line = line.trimmingCharacters(in: .whitespaces)
            guard line.hasPrefix("/// Spec:") else { return nil }
            return line.dropFirst("/// Spec:".count).trimmingCharacters(in: .whitespaces)
        }
    }

    /// The types that a text declares or extends.
    static func types(in text: String) -> Set<String> {
        let kinds: Set<Substring> = ["struct", "enum", "class", "actor", "protocol", "extension", "typealias"]
        var found: Set<String> = []
        for line in SwiftText(text).code.split(separator: "\n") {
            let words = line.split(whereSeparator: { " :<({=,".contains($0) })
            for (kind, name) in zip(words, words.dropFirst()) where kinds.contains(kind) {
                for part in name.split(separator: ".") { found.insert(String(part)) }
            }
        }
        return found
    }

    private static func names(in cell: String) -> [String] {
        cell.split(separator: ",").map { $0.trimmingCharacters(in: CharacterSet(charactersIn: " `")) }.filter {
            !$0.isEmpty
        }
    }
}
