package import JOSE

extension Timestamp {
    /// Beyond all calendars; it keeps sums of times far from the end of the number range.
    private static let farthest: Int64 = 1 << 40

    /// The time of a NumericDate claim, rounded down to whole seconds, because libraries also write fractions. Nil for any other
    /// value, for a time before 1970, and for one beyond all calendars.
    ///
    /// Spec: RFC 7519 §2
    package init?(numericDate claim: JSON?) {
        switch claim {
        case .integer(let seconds) where (0...Self.farthest).contains(seconds): self.init(seconds: seconds)
        case .number(let seconds) where (0...Double(Self.farthest)).contains(seconds):
            self.init(seconds: Int64(seconds.rounded(.down)))
        case .null, .bool, .integer, .number, .string, .array, .object, nil: return nil
        }
    }
}
