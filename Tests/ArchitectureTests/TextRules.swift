import Foundation

/// No template writes a value unescaped: five spellings of the engine do so, and none of them may stand in a file.
enum TemplateRule {
    private static let spellings = ["{{{", "{{&", "{{=", "{{%"]

    static func violations(in file: RepositoryFile) -> [String] {
        let text = file.text.filter { $0 != " " && $0 != "\t" }
        return spellings.filter(text.contains).map { "\(file.path): raw output by \($0)" }
    }
}

/// No tracked file knows the machine that it was written on.
enum MachineRule {
    private static let places = ["/home", "/Users", "/root", "/private/var/folders", Repository.root.path]

    static func violations(in file: RepositoryFile) -> [String] {
        file.lines.enumerated().flatMap { number, line in
            places.filter { names(line, $0 + "/") }.map {
                "\(file.path):\(number + 1): names the machine's folder \($0)"
            }
        }
    }

    /// Whether the line has the place as the start of a path, not as a part of a longer one or of an address.
    private static func names(_ line: Substring, _ place: String) -> Bool {
        line.ranges(of: place).contains { range in
            guard range.lowerBound > line.startIndex else { return true }
            let before = line[line.index(before: range.lowerBound)]
            return !before.isLetter && !before.isNumber && !"._-~*/}".contains(before)
        }
    }
}

/// Every test target has tests, and every target has a test target.
enum SuiteRule {
    static func violations(folder: String, files: [RepositoryFile]) -> [String] {
        let tests = files.filter { $0.path.hasPrefix("Tests/\(folder)/") && $0.text.contains("@Test") }
        let placeholders = files.filter { $0.path.hasPrefix("Tests/\(folder)/") && $0.baseName == "Placeholder" }
        if tests.isEmpty { return ["Tests/\(folder) has no tests"] }
        return placeholders.map { "\($0.path): a placeholder stands where tests belong" }
    }
}

/// No secret is compared by `==`, which stops at the first byte that differs and so tells how many were right.
enum ComparisonRule {
    private static let secrets = [
        "secret", "password", "passwordhash", "verifier", "proof", "mac", "tag", "cookie", "codedigest", "secretdigest",
    ]

    static func violations(in file: RepositoryFile) -> [String] {
        let lines = SwiftText(file.text).code.split(separator: "\n", omittingEmptySubsequences: false)
        return lines.enumerated().flatMap { number, line in
            line.ranges(of: /[!=]=(?!=)/).filter { compares(line, at: $0) }.map { _ in
                "\(file.path):\(number + 1): compares a secret by its value; use ConstantTime.equal"
            }
        }
    }

    private static func compares(_ line: Substring, at place: Range<Substring.Index>) -> Bool {
        let before = line[..<place.lowerBound].reversed().drop { $0 == " " }.prefix(while: isWord)
        let left = String(before.reversed())
        let right = line[place.upperBound...].drop { $0 == " " }
        let path = right.prefix { isWord($0) || $0 == "." }
        // A case of an enum, nil and the like are no values that anybody could guess at.
        guard path != "nil", path.first != ".", !path.isEmpty else { return false }
        return [left, path.split(separator: ".").last.map(String.init) ?? ""].contains {
            secrets.contains($0.lowercased())
        }
    }

    private static func isWord(_ character: Character) -> Bool {
        character.isLetter || character.isNumber || character == "_"
    }
}

/// Addresses are compared byte by byte: a pattern that decides where a code goes matches more than was meant.
enum PatternRule {
    private static let engines = ["Regex", "NSRegularExpression", "fnmatch", "wholeMatch", "firstMatch", "prefixMatch"]

    static func violations(in file: RepositoryFile) -> [String] {
        let code = SwiftText(file.text).code
        return engines.filter(code.contains).map { "\(file.path): matches by \($0)" }
    }
}

/// A test name is a requirement that stands alone: it cites no row of a list that the repository does not hold.
enum TestNameRule {
    static func violations(in file: RepositoryFile) -> [String] {
        let names = file.text.matches(of: /(?:func `|@(?:Test|Suite)\(\s*")([^`"]+)/)
        return names.map { String($0.1) }.filter { $0.contains(/\b(?:[ABCDEFP]|R[A-Z])\d{1,2}(?:\.\d+)?\b/) }.map {
            "\(file.path): '\($0)' cites a row that the repository does not hold"
        }
    }
}
