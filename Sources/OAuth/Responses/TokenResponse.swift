package import JOSE

/// What a client gets for a good grant.
///
/// Spec: OAuth 2.1 §3.2.3
/// Spec: RFC 8693 §2.2.1
package struct TokenResponse: Sendable, RedactedCredential {
    /// The access token.
    package let accessToken: String
    /// For how many seconds it is good; nil where another server gave it out and did not say.
    package let expiresIn: Int64?
    /// What was granted, which is always said.
    package let scope: ScopeSet
    /// The refresh token, for clients that hold one.
    package let refreshToken: RefreshToken?
    /// What kind of token it is, for those who exchanged another one for it.
    package let issuedTokenType: String?

    /// Puts an answer together.
    package init(
        accessToken: String, expiresIn: Int64?, scope: ScopeSet, refreshToken: RefreshToken? = nil,
        issuedTokenType: String? = nil
    ) {
        self.accessToken = accessToken
        self.expiresIn = expiresIn
        self.scope = scope
        self.refreshToken = refreshToken
        self.issuedTokenType = issuedTokenType
    }

    /// The body of the answer.
    package var json: JSON {
        var body: JSONObject = ["access_token": .string(accessToken)]
        body["issued_token_type"] = issuedTokenType.map(JSON.string)
        body["token_type"] = "Bearer"
        body["expires_in"] = expiresIn.map(JSON.integer)
        body["scope"] = .string(scope.string)
        body["refresh_token"] = refreshToken.map { .string($0.reveal()) }
        return .object(body)
    }
}
