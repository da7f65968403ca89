/// A plain e-mail address, as it is compared with one that an identity provider verified.
///
/// It never identifies an account. It narrows who may take an invitation, and its domain chooses where a user signs in.
package struct EmailAddress: Hashable, Sendable {
    /// The bytes that are compared. As text, an address would equal one with other bytes that looks the same.
    private let key: [UInt8]

    /// The domain, in lower case.
    package let domain: String

    /// Reads an address; nil for text that is not one plain address.
    package init?(_ text: String) {
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, text.utf8.count <= 254,
            text.unicodeScalars.allSatisfy({ $0.value > 0x20 && $0.value != 0x7F && !$0.properties.isWhitespace }),
            let domain = Self.domain(String(parts[1]))
        else { return nil }
        self.domain = domain
        key = Array((Self.folded(parts[0]) + "@" + domain).utf8)
    }

    /// A domain as it stands in addresses, in lower case; nil for text that is none.
    package static func domain(_ text: String) -> String? {
        let domain = folded(text[...])
        let isPlain = domain.utf8.allSatisfy { byte in
            (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || byte == 0x2D || byte == 0x2E
        }
        let labels = domain.split(separator: ".", omittingEmptySubsequences: false)
        return isPlain && domain.utf8.count <= 253 && labels.count > 1 && labels.allSatisfy { !$0.isEmpty }
            ? domain : nil
    }

    /// A domain that an administrator typed, in lower case.
    package static func checkedDomain(_ text: String) throws(OAuthValueError) -> String {
        guard let domain = domain(try TypedText.checked(text, as: "The domain", atMost: 253)) else {
            throw OAuthValueError("'\(text)' is not a domain. Write it as in e-mail addresses, such as example.com.")
        }
        return domain
    }

    /// The text with ASCII letters in lower case. The case of other letters stays: some of them become ASCII letters, and an address
    /// would match that somebody else holds.
    private static func folded(_ text: Substring) -> String {
        String(decoding: text.utf8.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }, as: UTF8.self)
    }
}
