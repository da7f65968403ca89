/// The parameter names of requests and authorization responses.
///
/// Spec: RFC 6749 §11.2
package enum ParameterName: String, Hashable, Sendable, CaseIterable {
    /// The client.
    case clientID = "client_id"
    /// The client's secret in the form body.
    case clientSecret = "client_secret"
    /// An assertion that authenticates the client.
    case clientAssertion = "client_assertion"
    /// The type of the assertion.
    case clientAssertionType = "client_assertion_type"
    /// The response type.
    case responseType = "response_type"
    /// The response mode.
    case responseMode = "response_mode"
    /// The redirect URI.
    case redirectURI = "redirect_uri"
    /// The requested or granted scopes.
    case scope
    /// The client's state, returned unchanged.
    case state
    /// The MCP server.
    case resource
    /// The PKCE code challenge.
    case codeChallenge = "code_challenge"
    /// The PKCE method.
    case codeChallengeMethod = "code_challenge_method"
    /// The thumbprint of the key that the code is bound to.
    case keyThumbprint = "dpop_jkt"
    /// The prompts to show.
    case prompt
    /// The maximum age of the user's authentication.
    case maxAge = "max_age"
    /// The accepted authentication context classes.
    case acrValues = "acr_values"
    /// The expected user.
    case loginHint = "login_hint"
    /// The session at an identity provider that a browser signs out of.
    case logoutHint = "logout_hint"
    /// The address to which an identity provider sends a browser after a sign-out.
    case postLogoutRedirectURI = "post_logout_redirect_uri"
    /// A request object; not supported.
    case request
    /// A reference to a request object; not supported.
    case requestURI = "request_uri"
    /// The grant type.
    case grantType = "grant_type"
    /// An authorization code.
    case code
    /// The PKCE code verifier.
    case codeVerifier = "code_verifier"
    /// The code of a device that waits for its user.
    case deviceCode = "device_code"
    /// The code that a device shows to its user.
    case userCode = "user_code"
    /// A refresh token.
    case refreshToken = "refresh_token"
    /// The token to introspect or revoke.
    case token
    /// The presumed type of that token.
    case tokenTypeHint = "token_type_hint"
    /// The token of the user on whose behalf another one is requested.
    case subjectToken = "subject_token"
    /// The type of the subject token.
    case subjectTokenType = "subject_token_type"
    /// The token of the acting party; not supported.
    case actorToken = "actor_token"
    /// The requested token type.
    case requestedTokenType = "requested_token_type"
    /// The audience of the requested token.
    case audience
    /// Binds an ID token to its request.
    case nonce
    /// The issuer of the response.
    case issuer = "iss"
    /// The error code.
    case error
    /// The error description.
    case errorDescription = "error_description"
}
