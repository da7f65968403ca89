import Foundation

/// Shortens identifiers: their first characters are enough for a reader to tell them apart.
enum ShortID {
    private static let marks = ["ses_", "job_", "evt_", "eli_", "sub_", "/e/"]
    private static let shown = 6

    /// The text with shortened identifiers.
    static func text(_ text: String) -> String {
        text.split(separator: " ", omittingEmptySubsequences: false).map(word).joined(separator: " ")
    }

    private static func word(_ word: Substring) -> String {
        guard let mark = marks.lazy.compactMap({ word.firstRange(of: $0) }).first else { return String(word) }
        let rest = word[mark.upperBound...]
        let identifier = rest.prefix { $0.isLetter || $0.isNumber || "-_".contains($0) }
        guard identifier.count > shown else { return String(word) }
        return word[..<mark.upperBound] + identifier.prefix(shown) + "…" + rest.dropFirst(identifier.count)
    }
}

/// Text wrapped into lines of at most `width` characters.
enum WrappedText {
    /// A sentence, broken at spaces.
    static func sentence(_ text: String, width: Int) -> [String] {
        lines(text.split(separator: " ").map(String.init), width: width)
    }

    /// A command, broken before its options, with the shell's backslash at each break.
    static func command(_ text: String, width: Int) -> [String] {
        let parts = text.components(separatedBy: " --")
        let lines = lines([parts[0]] + parts.dropFirst().map { "--" + $0 }, width: width - 2)
        return lines.enumerated().map { $0.offset < lines.count - 1 ? $0.element + " \\" : $0.element }
    }

    /// Puts as many parts on a line as fit; a longer part gets a line of its own.
    private static func lines(_ parts: [String], width: Int) -> [String] {
        var lines: [String] = []
        for part in parts {
            if let line = lines.last, line.count + 1 + part.count <= width {
                lines[lines.count - 1] = line + " " + part
            } else {
                lines.append(part)
            }
        }
        return lines
    }
}
