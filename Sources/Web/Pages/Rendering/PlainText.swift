import OAuth

/// Text that a page may show: one line, without control, bidirectional or invisible characters, of bounded length.
///
/// Everything that a stranger chose reaches a template through this type and through no other. Mustache escapes whole
/// characters, so a quote that carries a combining mark would pass it unescaped; here no such pair survives.
package struct PlainText: Sendable, Hashable, CustomStringConvertible, ExpressibleByStringLiteral {
    package let description: String

    /// Cleans `text` and cuts it after `limit` characters.
    package init(_ text: String, limit: Int = 200) {
        var kept = ""
        var room = limit
        for character in Self.visible(text) {
            guard room > 0 else {
                kept.append("…")
                break
            }
            kept.append(Self.escapable(character))
            room -= 1
        }
        description = kept
    }

    /// Keeps printable ASCII as it is and of any length: for tokens and addresses that must arrive unchanged.
    package init(verbatim text: String) {
        description = String(decoding: text.utf8.filter { $0 >= 0x20 && $0 < 0x7F }, as: UTF8.self)
    }

    /// Keeps every character of program text, line breaks and indents included; what cannot be seen is spelled out as
    /// `\u{202e}`, so that what is read is what is meant.
    package init(code text: String) {
        var shown = ""
        for scalar in text.unicodeScalars {
            if scalar == "\n" || scalar == " " || Visibility(scalar) == .shown {
                shown.unicodeScalars.append(scalar)
            } else {
                shown += Self.spelled(scalar)
            }
        }
        description = shown.reduce(into: "") { $0 += Self.apart($1) }
    }

    /// Keeps a person's text as it was written, blanks and line breaks included, for a place that shows them. Breaks and tabs
    /// carry a mark, so that they are told from those of the page; what cannot be seen is spelled out as for `code`.
    package init(written text: String) {
        var shown = ""
        var last: Unicode.Scalar?
        for scalar in text.unicodeScalars {
            switch Visibility(scalar) {
            case .shown, .joiner: shown.unicodeScalars.append(scalar)
            case .blank where scalar == "\t": shown += "⇥\t"
            case .blank where scalar.properties.generalCategory == .spaceSeparator:
                shown.unicodeScalars.append(scalar)
            // The two characters of one break.
            case .blank where scalar == "\n" && last == "\r": break
            case .blank: shown += "↵\n"
            case .control, .hidden: shown += Self.spelled(scalar)
            }
            last = scalar
        }
        description = shown.reduce(into: "") { $0 += Self.apart($1) }
    }

    /// The character, with what would hide HTML's syntax or pile up in it spelled out.
    private static func apart(_ character: Character) -> String {
        let scalars = character.unicodeScalars
        guard scalars.count > 1 else { return String(character) }
        guard !scalars.contains(where: isSyntax) else {
            return scalars.map { isSyntax($0) ? String($0) : spelled($0) }.joined()
        }
        return String(String.UnicodeScalarView(scalars.prefix(most))) + scalars.dropFirst(most).map(spelled).joined()
    }

    private static func spelled(_ scalar: Unicode.Scalar) -> String { "\\u{\(String(scalar.value, radix: 16))}" }

    package init(stringLiteral text: String) {
        self.init(text, limit: 1000)
    }

    package var isEmpty: Bool { description.isEmpty }

    /// The text without what cannot be seen, every run of blanks as one space.
    private static func visible(_ text: String) -> String {
        var kept = String.UnicodeScalarView()
        var blank = false
        for scalar in text.unicodeScalars {
            switch Visibility(scalar) {
            case .blank, .control: blank = !kept.isEmpty
            case .shown, .joiner:
                if blank { kept.append(" ") }
                blank = false
                kept.append(scalar)
            case .hidden: continue
            }
        }
        return String(kept)
    }

    /// The character, bounded in size; if it hides a character of HTML's syntax, that one alone.
    private static func escapable(_ character: Character) -> String {
        let scalars = character.unicodeScalars
        guard scalars.count > 1 else { return String(character) }
        let syntax = scalars.filter(isSyntax)
        guard syntax.isEmpty else { return String(String.UnicodeScalarView(syntax)) }
        return String(String.UnicodeScalarView(scalars.prefix(most)))
    }

    private static func isSyntax(_ scalar: Unicode.Scalar) -> Bool { "&<>\"'".unicodeScalars.contains(scalar) }

    /// As many code points as one character may have.
    private static let most = 12
}
