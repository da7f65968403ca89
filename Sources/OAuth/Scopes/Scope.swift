/// One scope token.
///
/// Spec: RFC 6749 §3.3
package struct Scope: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The scope token.
    package let string: String

    static let maximumLength = 128

    /// Parses one scope token: at most 128 visible ASCII characters except quote and backslash.
    package init(_ text: some StringProtocol) throws(OAuthValueError) {
        guard Self.isToken(text) else {
            throw OAuthValueError(
                "A scope is 1 to \(Self.maximumLength) visible ASCII characters without blank, quote and backslash.")
        }
        string = String(text)
    }

    init(known string: String) {
        self.string = string
    }

    /// `offline_access`: requests a refresh token and grants no access to a resource.
    package static let offlineAccess = Scope(known: "offline_access")
    /// `openid`: makes a request one of OpenID Connect.
    package static let openID = Scope(known: "openid")
    /// `profile`: the names of the user.
    package static let profile = Scope(known: "profile")
    /// `email`: the address of the user.
    package static let email = Scope(known: "email")

    /// Orders by spelling.
    package static func < (one: Scope, other: Scope) -> Bool { one.string < other.string }

    /// The token itself.
    package var description: String { string }

    private static func isToken(_ text: some StringProtocol) -> Bool {
        let bytes = text.utf8
        return (1...maximumLength).contains(bytes.count)
            && bytes.allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }
    }
}
