/// The name of an action that an MCP server may start by itself, as an operator permits it.
package struct ActionName: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// 1 to 64 ASCII letters, digits, dots, colons, hyphens and underscores.
    package let string: String

    /// Parses a name; any other spelling is refused, never corrected.
    package init(_ text: some StringProtocol) throws(OAuthValueError) {
        guard Self.isName(text) else { throw OAuthValueError("A name is made of \(Self.rule).") }
        string = String(text)
    }

    /// The name itself.
    package var description: String { string }

    /// Orders by spelling.
    package static func < (one: Self, other: Self) -> Bool { one.string < other.string }

    static let rule = "1 to 64 letters, digits, dots, colons, hyphens and underscores"

    /// Whether the text is a valid name. A name has no spaces, so that no sentence passes as one.
    static func isName(_ text: some StringProtocol) -> Bool {
        (1...64).contains(text.utf8.count) && text.utf8.allSatisfy(isAllowed)
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        case UInt8(ascii: "."), UInt8(ascii: ":"), UInt8(ascii: "-"), UInt8(ascii: "_"): true
        default: false
        }
    }
}
