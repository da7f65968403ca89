/// The parameters of requests and of authorization responses, as they stand on the wire.
///
/// Spec: RFC 6749 §11.2
package enum ParameterName: String, Hashable, Sendable, CaseIterable {
    /// Which client asks.
    case clientID = "client_id"
    /// The client's secret, when it comes in the form.
    case clientSecret = "client_secret"
    /// An assertion that proves the client.
    case clientAssertion = "client_assertion"
    /// What kind of assertion it is.
    case clientAssertionType = "client_assertion_type"
    /// What an authorization request wants back.
    case responseType = "response_type"
    /// How the answer is carried.
    case responseMode = "response_mode"
    /// Where the answer goes.
    case redirectURI = "redirect_uri"
    /// What is asked for.
    case scope
    /// What the client wants to see again.
    case state
    /// Which MCP server it is about.
    case resource
    /// The PKCE commitment.
    case codeChallenge = "code_challenge"
    /// How the commitment was made.
    case codeChallengeMethod = "code_challenge_method"
    /// What the person is to be asked again.
    case prompt
    /// How old the person's sign-in may be.
    case maxAge = "max_age"
    /// In which ways the person may have signed in.
    case acrValues = "acr_values"
    /// Whom the client expects to sign in.
    case loginHint = "login_hint"
    /// A request object, which is not served.
    case request
    /// A reference to a request object, which is not served.
    case requestURI = "request_uri"
    /// How tokens are earned.
    case grantType = "grant_type"
    /// An authorization code.
    case code
    /// What the PKCE commitment was made from.
    case codeVerifier = "code_verifier"
    /// A refresh token.
    case refreshToken = "refresh_token"
    /// The token that is asked about or given up.
    case token
    /// What kind of token it may be.
    case tokenTypeHint = "token_type_hint"
    /// The token of the person on whose behalf another is wanted.
    case subjectToken = "subject_token"
    /// What kind of token that is.
    case subjectTokenType = "subject_token_type"
    /// The token of who acts, which is not served.
    case actorToken = "actor_token"
    /// What kind of token is wanted.
    case requestedTokenType = "requested_token_type"
    /// Whom the wanted token is for.
    case audience
    /// Ties an ID token to the request that led to it.
    case nonce
    /// Who answers.
    case issuer = "iss"
    /// The code of an error.
    case error
    /// The sentence of an error.
    case errorDescription = "error_description"
}
