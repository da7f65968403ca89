/// A way to earn a token; an open set, as clients name grants that this server does not know.
///
/// Spec: RFC 7591 §2
package struct GrantType: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    /// The word on the wire.
    package let rawValue: String

    /// Takes any word: unknown ones are carried, not refused.
    package init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// The word itself.
    package var description: String { rawValue }

    /// A person approved in a browser.
    package static let authorizationCode = GrantType(rawValue: "authorization_code")
    /// The session goes on.
    package static let refreshToken = GrantType(rawValue: "refresh_token")
    /// One token is shown to get another.
    package static let tokenExchange = GrantType(rawValue: "urn:ietf:params:oauth:grant-type:token-exchange")
}
