/// How long a file and a function may be, and how full a folder: what is larger hides a second idea.
enum BudgetRule {
    static let folderFiles = 24
    static let fileLines = 400
    static let functionLines = 60

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

    /// A function or initialiser with the lines from its keyword to its closing brace.
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
