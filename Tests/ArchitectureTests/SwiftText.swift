/// Swift source with comments and the contents of strings blanked out, so that braces and words in them do not count.
struct SwiftText {
    /// The text, of the same lines as before.
    var code: String { String(decoding: kept, as: UTF8.self) }

    private let text: [UInt8]
    private var place = 0
    private var kept: [UInt8] = []

    init(_ text: String) {
        self.text = Array(text.utf8)
        while place < self.text.count { step() }
    }

    private mutating func step() {
        let byte = text[place]
        guard byte == UInt8(ascii: "/") || byte == UInt8(ascii: "#") || byte == UInt8(ascii: "\"") else {
            kept.append(byte)
            place += 1
            return
        }
        if sees("//") {
            while place < text.count, text[place] != UInt8(ascii: "\n") { place += 1 }
        } else if sees("/*") {
            skipBlockComment()
        } else if let opening = stringOpening() {
            skipString(opening)
        } else if let length = patternLength() {
            kept += Array("\"\"".utf8)
            place += length
        } else {
            kept.append(byte)
            place += 1
        }
    }

    /// How long the regular expression is that stands here, if one does: where a value is expected, and not a division.
    private func patternLength() -> Int? {
        let before = kept.last { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\n") }
        guard text[place] == UInt8(ascii: "/"), let before, "([,=:{".utf8.contains(before) else { return nil }
        var length = 1
        while place + length < text.count, text[place + length] != UInt8(ascii: "\n") {
            if text[place + length] == UInt8(ascii: "/") { return length + 1 }
            length += text[place + length] == UInt8(ascii: "\\") ? 2 : 1
        }
        return nil
    }

    private mutating func skipBlockComment() {
        var depth = 0
        repeat {
            if sees("/*") {
                depth += 1
                place += 2
            } else if sees("*/") {
                depth -= 1
                place += 2
            } else {
                pass()
            }
        } while depth > 0 && place < text.count
    }

    /// How many hashes, and how many quotes behind them, open a string here, if one starts.
    private func stringOpening() -> (hashes: Int, quotes: Int)? {
        guard text[place] == UInt8(ascii: "#") || text[place] == UInt8(ascii: "\"") else { return nil }
        let hashes = text[place...].prefix { $0 == UInt8(ascii: "#") }.count
        let quotes = text[(place + hashes)...].prefix(3).prefix { $0 == UInt8(ascii: "\"") }.count
        guard quotes > 0 else { return nil }
        return (hashes, quotes == 3 ? 3 : 1)
    }

    private mutating func skipString(_ opening: (hashes: Int, quotes: Int)) {
        let hashes = String(repeating: "#", count: opening.hashes)
        let end = String(repeating: "\"", count: opening.quotes) + hashes
        let escape = "\\" + hashes
        place += end.utf8.count
        kept += Array("\"\"".utf8)
        while place < text.count, !sees(end) {
            if sees(escape + "(") {
                place += escape.utf8.count + 1
                skipInterpolation()
            } else if sees(escape) {
                place += escape.utf8.count
                pass()
            } else {
                pass()
            }
        }
        place += end.utf8.count
    }

    private mutating func skipInterpolation() {
        var depth = 1
        while depth > 0, place < text.count {
            if let opening = stringOpening() {
                skipString(opening)
                continue
            }
            if text[place] == UInt8(ascii: "(") { depth += 1 }
            if text[place] == UInt8(ascii: ")") { depth -= 1 }
            pass()
        }
    }

    /// Leaves a byte out, unless it ends a line.
    private mutating func pass() {
        guard place < text.count else { return }
        if text[place] == UInt8(ascii: "\n") { kept.append(text[place]) }
        place += 1
    }

    private func sees(_ word: String) -> Bool {
        text[place...].starts(with: word.utf8)
    }
}
