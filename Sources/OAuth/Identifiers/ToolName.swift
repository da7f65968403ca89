/// The name of a tool of an MCP server, as a person reads it under the scope that unlocks it.
///
/// Spec: MCP 2026-07-28 §Tools
package struct ToolName: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// 1 to 128 ASCII letters, digits, underscores, hyphens, dots, colons and slashes.
    package let string: String

    /// Reads a name; another spelling is refused, not repaired.
    package init(_ text: some StringProtocol) throws(OAuthValueError) {
        guard (1...128).contains(text.utf8.count), text.utf8.allSatisfy(Self.isAllowed) else {
            throw OAuthValueError("The name of a tool is made of \(Self.rule).")
        }
        string = String(text)
    }

    /// The name itself.
    package var description: String { string }

    /// Orders by spelling.
    package static func < (one: Self, other: Self) -> Bool { one.string < other.string }

    /// The rule, for a sentence.
    package static let rule = "1 to 128 letters, digits, underscores, hyphens, dots, colons and slashes"

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "_-.:/".utf8.contains(byte)
        }
    }
}
