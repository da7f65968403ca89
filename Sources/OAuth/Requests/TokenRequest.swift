/// What is asked of the token endpoint, apart from who asks.
///
/// Spec: OAuth 2.1 §3.2.2
package struct TokenRequest: Sendable {
    /// The ways to earn a token, each with its proofs.
    package enum Grant: Sendable {
        /// A code, the redirect URI if it was repeated, and the verifier.
        case authorizationCode(AuthorizationCode, redirectURI: String?, verifier: CodeVerifier)
        /// A refresh token, and the scopes to narrow to.
        case refreshToken(RefreshToken, scope: ScopeSet?)
    }

    /// The grant.
    package let grant: Grant
    /// The MCP server that is named, if one is.
    package let resource: ResourceIdentifier?

    /// Reads the form of a token request.
    package init(_ parameters: Parameters) throws(OAuthError) {
        switch GrantType(rawValue: try parameters.required(.grantType)) {
        case .authorizationCode: grant = try Self.authorizationCode(parameters)
        case .refreshToken: grant = try Self.refreshToken(parameters)
        default:
            throw OAuthError(.unsupportedGrantType, "Use one of the grant types in this server's metadata.")
        }
        resource = try ResourceRule.requested(parameters.repeated(.resource))
    }

    /// The grant's type.
    package var grantType: GrantType {
        switch grant {
        case .authorizationCode: .authorizationCode
        case .refreshToken: .refreshToken
        }
    }

    /// Why the resource that is named may not be had, when another one was approved.
    package func targetRefusal(_ granted: ResourceIdentifier) -> OAuthError? {
        ResourceRule.refusal(resource, granted: granted)
    }

    private static func authorizationCode(_ parameters: Parameters) throws(OAuthError) -> Grant {
        let text = try parameters.required(.code)
        // An empty verifier is refused like one that does not fit: a client that sends it computed nothing, and a code must
        // never be redeemed on the strength of a proof that is not there.
        let verifier = try parameters.required(.codeVerifier)
        let redirectURI = try parameters.value(.redirectURI)
        guard let code = AuthorizationCode(text) else {
            throw OAuthError(.invalidGrant, "The code is not one of this server's; start the authorization again.")
        }
        do {
            return .authorizationCode(code, redirectURI: redirectURI, verifier: try CodeVerifier(verifier))
        } catch {
            throw OAuthError(.invalidRequest, error)
        }
    }

    private static func refreshToken(_ parameters: Parameters) throws(OAuthError) -> Grant {
        let text = try parameters.required(.refreshToken)
        let scope = ScopeRule.narrowing(try parameters.value(.scope))
        guard let token = RefreshToken(text) else {
            throw OAuthError(.invalidGrant, "The refresh token is not one of this server's; authorize again.")
        }
        return .refreshToken(token, scope: scope)
    }
}
