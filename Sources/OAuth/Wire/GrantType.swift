/// A grant type. The set is open: clients may list grant types that this server does not support.
///
/// Spec: RFC 7591 §2
package struct GrantType: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    /// The wire value.
    package let rawValue: String

    /// Accepts any value: unknown ones are stored, not refused.
    package init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// The wire value.
    package var description: String { rawValue }

    /// Redeems the code of a user's approval.
    package static let authorizationCode = GrantType(rawValue: "authorization_code")
    /// Continues a session.
    package static let refreshToken = GrantType(rawValue: "refresh_token")
    /// Gives a client a token for itself, without a user.
    package static let clientCredentials = GrantType(rawValue: "client_credentials")
    /// Gives a device the tokens that its user approved in a browser elsewhere.
    package static let deviceCode = GrantType(rawValue: "urn:ietf:params:oauth:grant-type:device_code")
    /// Exchanges one token for another.
    package static let tokenExchange = GrantType(rawValue: "urn:ietf:params:oauth:grant-type:token-exchange")
}
