/// A client's name for display: bounded, on one line, without characters that hide, reverse or pile up text.
///
/// Spec: Client ID Metadata Document §8
package struct DisplayName: Hashable, Sendable, CustomStringConvertible {
    static let maximumLength = 128

    /// The cleaned name.
    package let string: String

    /// Cleans a claimed name; nil when no displayable character is left.
    package init?(_ claimed: String) {
        var scalars = String.UnicodeScalarView()
        var marks = 0
        // Bounds the cost of a name of megabytes.
        for scalar in claimed.unicodeScalars.prefix(4096) {
            guard scalars.count < Self.maximumLength else { break }
            let visibility = Visibility(scalar)
            let isBlank = visibility == .blank
            guard isBlank || visibility == .shown else { continue }
            marks = Self.isMark(scalar) ? marks + 1 : 0
            guard marks <= 2 else { continue }
            // Collapses runs of blanks and removes leading ones.
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
}
