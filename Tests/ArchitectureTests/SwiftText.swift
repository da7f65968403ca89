/// Swift source with comments and the contents of strings blanked out, so that braces and words in them do not count.
struct SwiftText {
    /// The text, of the same lines as before.
    private(set) var code: String
    private var rest: Substring

    init(_ text: String) {
        code = ""
        rest = text[...]
        while let character = rest.first { step(character) }
    }

    private mutating func step(_ character: Character) {
        if rest.hasPrefix("//") {
            rest = rest.drop { $0 != "\n" }
        } else if rest.hasPrefix("/*") {
            skipBlockComment()
        } else if let opening = stringOpening() {
            skipString(opening)
        } else {
            code.append(character)
            rest.removeFirst()
        }
    }

    private mutating func skipBlockComment() {
        var depth = 0
        repeat {
            if rest.hasPrefix("/*") {
                depth += 1
                rest = rest.dropFirst(2)
            } else if rest.hasPrefix("*/") {
                depth -= 1
                rest = rest.dropFirst(2)
            } else {
                keepLineEnd(rest.removeFirst())
            }
        } while depth > 0 && !rest.isEmpty
    }

    /// The hashes and quotes that open a string here, if one starts.
    private func stringOpening() -> (hashes: String, quotes: String)? {
        let hashes = rest.prefix { $0 == "#" }
        let after = rest.dropFirst(hashes.count)
        if after.hasPrefix("\"\"\"") { return (String(hashes), "\"\"\"") }
        return after.hasPrefix("\"") ? (String(hashes), "\"") : nil
    }

    private mutating func skipString(_ opening: (hashes: String, quotes: String)) {
        let end = opening.quotes + opening.hashes
        let escape = "\\" + opening.hashes
        rest = rest.dropFirst(end.count)
        code += "\"\""
        while !rest.isEmpty, !rest.hasPrefix(end) {
            if rest.hasPrefix(escape + "(") {
                rest = rest.dropFirst(escape.count + 1)
                skipInterpolation()
            } else if rest.hasPrefix(escape) {
                rest = rest.dropFirst(escape.count)
                if let escaped = rest.popFirst() { keepLineEnd(escaped) }
            } else {
                keepLineEnd(rest.removeFirst())
            }
        }
        rest = rest.dropFirst(end.count)
    }

    private mutating func skipInterpolation() {
        var depth = 1
        while depth > 0, let character = rest.first {
            if let opening = stringOpening() {
                skipString(opening)
                continue
            }
            if character == "(" { depth += 1 }
            if character == ")" { depth -= 1 }
            keepLineEnd(rest.removeFirst())
        }
    }

    private mutating func keepLineEnd(_ character: Character) {
        if character.isNewline { code.append(character) }
    }
}
