/// The short name of a provider. It is part of a path and of an audience and needs no escaping there.
package struct ProviderName: Hashable, Sendable, CustomStringConvertible {
    private static let audiencePrefix = "urn:gatehouse:provider:"

    /// 1 to 40 of `a` to `z`, `0` to `9` and the hyphen.
    package let string: String

    /// Parses a name; any other spelling is refused, never corrected.
    package init(_ text: some StringProtocol) throws(OAuthValueError) {
        guard (1...40).contains(text.utf8.count), text.utf8.allSatisfy(Self.isAllowed) else {
            throw OAuthValueError("A provider's name is made of 1 to 40 lower-case letters, digits and hyphens.")
        }
        string = String(text)
    }

    /// Parses the audience of a token exchange; nil when it names no provider.
    package init?(audience: String) {
        guard audience.hasPrefix(Self.audiencePrefix) else { return nil }
        try? self.init(audience.dropFirst(Self.audiencePrefix.count))
    }

    /// The audience that requests this provider's tokens in a token exchange.
    package var audience: String { Self.audiencePrefix + string }
    /// The name itself.
    package var description: String { string }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): true
        default: false
        }
    }
}
