/// The name of an MCP server's tool, shown below the scope that permits it.
///
/// Spec: MCP 2026-07-28 §Tools
package struct ToolName: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// 1 to 128 ASCII letters, digits, underscores, hyphens, dots, colons and slashes.
    package let string: String

    /// Parses a name; any other spelling is refused, never corrected.
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

    /// The permitted characters, as part of a sentence.
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
