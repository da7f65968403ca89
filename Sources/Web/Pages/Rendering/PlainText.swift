import OAuth

/// Text that a page may show: one line of bounded length without control, bidirectional or invisible characters.
///
/// All untrusted text reaches a template through this type and through no other. Mustache escapes whole characters, so it would
/// leave a quote with a combining mark unescaped. `PlainText` breaks up such pairs.
package struct PlainText: Sendable, Hashable, CustomStringConvertible, ExpressibleByStringLiteral {
    /// The text, which is safe for a template.
    package let description: String

    /// Cleans `text` and truncates it after `limit` characters.
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

    /// Keeps printable ASCII unchanged at any length, for tokens and addresses.
    package init(verbatim text: String) {
        description = String(decoding: text.utf8.filter { $0 >= 0x20 && $0 < 0x7F }, as: UTF8.self)
    }

    /// Keeps all characters of program text, including line breaks and indents. Invisible characters appear as escapes such as
    /// `\u{202e}`, so that the text cannot hide or reorder anything.
    package init(code text: String) {
        var shown = ""
        for scalar in text.unicodeScalars {
            if scalar == "\n" || scalar == " " || Visibility(scalar) == .shown {
                shown.unicodeScalars.append(scalar)
            } else {
                shown += Self.spelled(scalar)
            }
        }
        description = shown.reduce(into: "") { $0 += Self.separated($1) }
    }

    /// Keeps prose with its blanks and line breaks, for an element that preserves them. Breaks and tabs get a visible mark that
    /// distinguishes them from those of the page; invisible characters appear as escapes.
    package init(written text: String) {
        var shown = ""
        var last: Unicode.Scalar?
        for scalar in text.unicodeScalars {
            switch Visibility(scalar) {
            case .shown, .joiner: shown.unicodeScalars.append(scalar)
            case .blank where scalar == "\t": shown += "⇥\t"
            case .blank where scalar.properties.generalCategory == .spaceSeparator:
                shown.unicodeScalars.append(scalar)
            // A carriage return and a line feed are one break.
            case .blank where scalar == "\n" && last == "\r": break
            case .blank: shown += "↵\n"
            case .control, .hidden: shown += Self.spelled(scalar)
            }
            last = scalar
        }
        description = shown.reduce(into: "") { $0 += Self.separated($1) }
    }

    /// The character, with escapes for scalars that would hide HTML syntax or pile up as combining marks.
    private static func separated(_ character: Character) -> String {
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

    /// The text without invisible characters, with each run of blanks as one space.
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

    /// The character with a bounded number of scalars; only the HTML syntax if the character contains any.
    private static func escapable(_ character: Character) -> String {
        let scalars = character.unicodeScalars
        guard scalars.count > 1 else { return String(character) }
        let syntax = scalars.filter(isSyntax)
        guard syntax.isEmpty else { return String(String.UnicodeScalarView(syntax)) }
        return String(String.UnicodeScalarView(scalars.prefix(most)))
    }

    private static func isSyntax(_ scalar: Unicode.Scalar) -> Bool { "&<>\"'".unicodeScalars.contains(scalar) }

    /// The maximum number of scalars in one character.
    private static let most = 12
}
