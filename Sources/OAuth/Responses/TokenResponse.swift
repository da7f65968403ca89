package import JOSE

/// A successful token response.
///
/// Spec: OAuth 2.1 §3.2.3
/// Spec: RFC 8693 §2.2.1
package struct TokenResponse: Sendable, RedactedCredential {
    /// The access token.
    package let accessToken: String
    /// The lifetime of the access token in seconds; nil if a third party issued it without one.
    package let expiresIn: Int64?
    /// The granted scopes; always present.
    package let scope: ScopeSet
    /// The refresh token, if one is issued.
    package let refreshToken: RefreshToken?
    /// The issued token type, for token exchanges.
    package let issuedTokenType: String?
    /// Whether the access token is bound to a key, so that each use of it needs a proof.
    package let isBound: Bool

    /// `token_type` of a token that its holder presents as it is.
    static let bearerType = "Bearer"
    /// `token_type` of a token that is bound to a key.
    ///
    /// Spec: RFC 9449 §5
    static let boundType = "DPoP"

    /// Makes a response from its members.
    package init(
        accessToken: String, expiresIn: Int64?, scope: ScopeSet, refreshToken: RefreshToken? = nil,
        issuedTokenType: String? = nil, isBound: Bool = false
    ) {
        self.accessToken = accessToken
        self.expiresIn = expiresIn
        self.scope = scope
        self.refreshToken = refreshToken
        self.issuedTokenType = issuedTokenType
        self.isBound = isBound
    }

    /// The body of the response.
    package var json: JSON {
        var body: JSONObject = ["access_token": .string(accessToken)]
        body["issued_token_type"] = issuedTokenType.map(JSON.string)
        body["token_type"] = .string(isBound ? Self.boundType : Self.bearerType)
        body["expires_in"] = expiresIn.map(JSON.integer)
        body["scope"] = .string(scope.string)
        body["refresh_token"] = refreshToken.map { .string($0.reveal()) }
        return .object(body)
    }
}
