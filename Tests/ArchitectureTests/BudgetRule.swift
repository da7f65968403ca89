/// The limits of files, types, functions and folders: what is larger hides a second idea.
enum BudgetRule {
    static let folderFiles = 24
    static let fileLines = 400
    static let functionLines = 60
    static let typeLines = 400

    /// The folders that hold too many of these paths directly.
    static func crowdedFolders(_ paths: [String]) -> [String] {
        let folders = paths.map { $0.split(separator: "/").dropLast().joined(separator: "/") }
        return Dictionary(grouping: folders) { $0 }.filter { $0.value.count > folderFiles }.sorted { $0.key < $1.key }
            .map {
                "\($0.key): \($0.value.count) files, at most \(folderFiles) are allowed"
            }
    }

    static func violations(in file: RepositoryFile) -> [String] {
        let count = file.text.split(separator: "\n", omittingEmptySubsequences: false).count - 1
        let tooLong = count > fileLines ? ["\(file.path): \(count) lines, at most \(fileLines) are allowed"] : []
        return tooLong
            + functions(in: file.text).filter { $0.lines > functionLines }.map {
                "\(file.path):\($0.line): \($0.name) has \($0.lines) lines, at most \(functionLines) are allowed"
            }
    }

    /// The types that exceed their budget: the declaration and all extensions within one target count together, so that
    /// moving methods to another file does not help.
    static func largeTypes(in files: [RepositoryFile]) -> [String] {
        var lines: [String: Int] = [:]
        for file in files {
            let target = file.path.split(separator: "/").prefix(2).joined(separator: "/")
            for type in types(in: file.text) { lines["\(target): \(type.name)", default: 0] += type.lines }
        }
        return lines.filter { $0.value > typeLines }.sorted { $0.key < $1.key }
            .map { "\($0.key) has \($0.value) lines in all its files, at most \(typeLines) are allowed" }
    }

    /// The type declarations and extensions at the top level of a text. A nested type belongs to the outer one.
    static func types(in text: String) -> [Function] {
        var found: [Function] = []
        var depth = 0
        var open: (name: String, line: Int)?
        for (index, line) in SwiftText(text).code.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
        {
            if depth == 0, open == nil, let name = typeName(in: line) { open = (name, index) }
            for byte in line.utf8 {
                if byte == UInt8(ascii: "{") { depth += 1 }
                if byte == UInt8(ascii: "}") { depth -= 1 }
            }
            guard depth == 0, line.contains("}"), let type = open else { continue }
            found.append(Function(name: type.name, line: type.line + 1, lines: index - type.line + 1))
            open = nil
        }
        return found
    }

    /// The name of the type that a line declares or extends; nil for any other line.
    private static func typeName(in line: Substring) -> String? {
        let keywords: Set<Substring> = ["struct", "class", "enum", "actor", "protocol", "extension"]
        let modifiers: Set<Substring> = [
            "public", "package", "internal", "fileprivate", "private", "final", "indirect",
        ]
        let words = line.split(separator: " ").drop { modifiers.contains($0) || $0.hasPrefix("@") }
        guard let first = words.first, keywords.contains(first), let name = words.dropFirst().first else { return nil }
        return String(name.prefix { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "." })
    }

    /// A declaration with the lines from its keyword to its closing brace.
    struct Function: Equatable {
        let name: String
        let line: Int
        let lines: Int
    }

    static func functions(in text: String) -> [Function] {
        let code = Array(SwiftText(text).code.utf8)
        var found: [Function] = []
        var line = 1
        for index in code.indices {
            if code[index] == UInt8(ascii: "\n") { line += 1 }
            guard let name = declaration(at: index, in: code), let body = bodyEnd(from: index, in: code) else {
                continue
            }
            let lines = code[index...body].count { $0 == UInt8(ascii: "\n") } + 1
            found.append(Function(name: name, line: line, lines: lines))
        }
        return found
    }

    /// The name of the function that is declared at this place, if one is.
    private static func declaration(at index: Int, in code: [UInt8]) -> String? {
        if index > 0, isWord(code[index - 1]) || code[index - 1] == UInt8(ascii: ".") { return nil }
        guard code[index] == UInt8(ascii: "f") || code[index] == UInt8(ascii: "i") || code[index] == UInt8(ascii: "d")
        else {
            return nil
        }
        for keyword in ["func ", "init(", "init?(", "init<", "deinit "] where starts(keyword, at: index, in: code) {
            guard keyword == "func " else { return keyword.filter(\.isLetter) }
            let name = code[(index + keyword.utf8.count)...].prefix {
                $0 != UInt8(ascii: "(") && $0 != UInt8(ascii: "<")
            }
            return String(decoding: name, as: UTF8.self)
        }
        return nil
    }

    /// Where the body closes; nil for a requirement or a call, which have none.
    private static func bodyEnd(from start: Int, in code: [UInt8]) -> Int? {
        var parentheses = 0
        var braces = 0
        for index in start..<code.count {
            switch code[index] {
            case UInt8(ascii: "(") where braces == 0, UInt8(ascii: "[") where braces == 0: parentheses += 1
            case UInt8(ascii: ")") where braces == 0, UInt8(ascii: "]") where braces == 0: parentheses -= 1
            case UInt8(ascii: "{") where braces > 0 || parentheses == 0: braces += 1
            case UInt8(ascii: "}") where braces > 0:
                braces -= 1
                if braces == 0 { return index }
            case UInt8(ascii: "}") where parentheses == 0: return nil
            default: break
            }
            if parentheses < 0 { return nil }
        }
        return nil
    }

    private static func starts(_ keyword: String, at index: Int, in code: [UInt8]) -> Bool {
        index + keyword.utf8.count <= code.count
            && code[index..<(index + keyword.utf8.count)].elementsEqual(keyword.utf8)
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        byte >= 0x80 || byte == UInt8(ascii: "_") || Character(Unicode.Scalar(byte)).isLetter
            || Character(Unicode.Scalar(byte)).isNumber
    }
}
