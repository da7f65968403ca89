/// A response type; only `code` is supported.
///
/// Spec: RFC 6749 §3.1.1
package struct ResponseType: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    /// The wire value.
    package let rawValue: String

    /// Accepts any value: unknown ones are carried, not refused.
    package init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// The wire value.
    package var description: String { rawValue }

    /// An authorization code.
    package static let code = ResponseType(rawValue: "code")
}
