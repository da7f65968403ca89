/// What a person sees of a character that a stranger chose: the one rule for names, for what a page shows, and for what may
/// be sent to be shown.
package enum Visibility: Hashable, Sendable {
    /// It is drawn.
    case shown
    /// It is a space, a tab or a line break.
    case blank
    /// It joins characters or picks their form: nothing by itself, and part of honest writing.
    case joiner
    /// It steers a terminal or means nothing.
    case control
    /// It turns the direction of text, or is drawn as nothing.
    case hidden

    /// What `scalar` is.
    package init(_ scalar: Unicode.Scalar) {
        self =
            switch scalar.value {
            case 0x200C, 0x200D, 0xFE0E, 0xFE0F: .joiner
            // By its category it is a sign like any other of Braille's, but it has no dots.
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
