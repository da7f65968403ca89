/// How a character of a stranger's text appears: the one rule for names, for text on pages, and for text that may be sent for
/// display.
package enum Visibility: Hashable, Sendable {
    /// It is visible.
    case shown
    /// It is a space, a tab or a line break.
    case blank
    /// It joins characters or selects their form: invisible by itself, but part of legitimate text.
    case joiner
    /// It is a control character or unassigned.
    case control
    /// It changes the direction of text or is invisible, which deceives readers.
    case hidden

    /// Classifies a scalar.
    package init(_ scalar: Unicode.Scalar) {
        self =
            switch scalar.value {
            case 0x200C, 0x200D, 0xFE0E, 0xFE0F: .joiner
            // Its category is that of a Braille pattern, but it has no dots and is invisible.
            case 0x2800: .hidden
            default: Self.general(scalar.properties)
            }
    }

    private static func general(_ properties: Unicode.Scalar.Properties) -> Visibility {
        if properties.isWhitespace { return .blank }
        if properties.isDefaultIgnorableCodePoint || properties.isNoncharacterCodePoint { return .hidden }
        switch properties.generalCategory {
        case .control: return .control
        case .format, .privateUse, .surrogate: return .hidden
        default: return .shown
        }
    }
}
