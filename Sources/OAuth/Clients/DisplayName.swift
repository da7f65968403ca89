/// A client's name as it may be shown: bounded, on one line, without characters that hide, turn or pile up text.
///
/// Spec: Client ID Metadata Document §8
package struct DisplayName: Hashable, Sendable, CustomStringConvertible {
    static let maximumLength = 128

    /// The cleaned name.
    package let string: String

    /// Cleans a claimed name; nothing is left of one that consists of what may not be shown.
    package init?(_ claimed: String) {
        var scalars = String.UnicodeScalarView()
        var marks = 0
        // A name of megabytes costs no more than its first few thousand characters.
        for scalar in claimed.unicodeScalars.prefix(4096) {
            guard scalars.count < Self.maximumLength else { break }
            let isBlank = scalar.properties.isWhitespace
            guard isBlank || Self.isShown(scalar) else { continue }
            marks = Self.isMark(scalar) ? marks + 1 : 0
            guard marks <= 2 else { continue }
            // One blank for any run of them, none in front.
            if isBlank, scalars.isEmpty || scalars.last == " " { continue }
            scalars.append(isBlank ? " " : scalar)
        }
        if scalars.last == " " { scalars.removeLast() }
        guard !scalars.isEmpty else { return nil }
        string = String(scalars)
    }

    /// The cleaned name.
    package var description: String { string }

    private static func isMark(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark: true
        default: false
        }
    }

    private static func isShown(_ scalar: Unicode.Scalar) -> Bool {
        guard !scalar.properties.isDefaultIgnorableCodePoint else { return false }
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: return false
        // The one visible-by-category character that is drawn as nothing: the blank Braille pattern.
        default: return scalar.value != 0x2800
        }
    }
}
