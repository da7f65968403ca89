/// What an authorization request wants back; `code` is the only one that is served.
///
/// Spec: RFC 6749 §3.1.1
package struct ResponseType: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    /// The word on the wire.
    package let rawValue: String

    /// Takes any word: unknown ones are carried, not refused.
    package init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// The word itself.
    package var description: String { rawValue }

    /// An authorization code.
    package static let code = ResponseType(rawValue: "code")
}
