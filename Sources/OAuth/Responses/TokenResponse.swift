package import JOSE

/// What a client gets for a good grant.
///
/// Spec: OAuth 2.1 §3.2.3
package struct TokenResponse: Sendable, Unprintable {
    /// The access token.
    package let accessToken: String
    /// For how many seconds it is good.
    package let expiresIn: Int64
    /// What was granted, which is always said.
    package let scope: ScopeSet
    /// The refresh token, for clients that hold one.
    package let refreshToken: RefreshToken?

    /// Puts an answer together.
    package init(accessToken: String, expiresIn: Int64, scope: ScopeSet, refreshToken: RefreshToken?) {
        self.accessToken = accessToken
        self.expiresIn = expiresIn
        self.scope = scope
        self.refreshToken = refreshToken
    }

    /// The body of the answer.
    package var json: JSON {
        var body: JSONObject = [
            "access_token": .string(accessToken), "token_type": "Bearer", "expires_in": .integer(expiresIn),
            "scope": .string(scope.string),
        ]
        body["refresh_token"] = refreshToken.map { .string($0.reveal()) }
        return .object(body)
    }
}
