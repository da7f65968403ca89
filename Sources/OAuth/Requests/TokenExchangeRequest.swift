package import JOSE

/// A request of an MCP server for a provider's access token of the user whose token it presents.
///
/// Spec: RFC 8693 §2.1
package struct TokenExchangeRequest: Sendable {
    /// The only supported type, for the subject token and for the issued token.
    package static let accessTokenType = "urn:ietf:params:oauth:token-type:access_token"

    /// The user's access token for the requesting MCP server.
    package let subjectToken: Secret
    /// The provider whose token is requested.
    package let provider: ProviderName
    /// The scopes that the token has to have; nil for whatever the user granted.
    package let scope: ScopeSet?

    /// Reads the form of the request.
    package init(_ parameters: Parameters) throws(OAuthError) {
        // Refused even when it is empty: the sender expects a token that names an actor, and would get one that does not.
        guard !parameters.names(.actorToken) else {
            throw OAuthError(.invalidRequest, "Leave actor_token out: delegation is not supported.")
        }
        // An empty one is refused, because an exchange without a user has no meaning here.
        subjectToken = Secret(try parameters.required(.subjectToken))
        guard try parameters.required(.subjectTokenType) == Self.accessTokenType else {
            throw OAuthError(.invalidRequest, "The subject_token_type must be \(Self.accessTokenType).")
        }
        if let wanted = try parameters.value(.requestedTokenType), wanted != Self.accessTokenType {
            throw OAuthError(.invalidRequest, "The requested_token_type can be \(Self.accessTokenType) alone.")
        }
        guard try parameters.repeated(.resource).isEmpty else {
            throw OAuthError(.invalidRequest, "Leave resource out: the audience names the provider.")
        }
        scope = try Self.scope(parameters)
        guard let provider = ProviderName(audience: try parameters.required(.audience)) else {
            throw OAuthError(.invalidTarget, "The audience must be urn:gatehouse:provider:NAME of a provider.")
        }
        self.provider = provider
    }

    private static func scope(_ parameters: Parameters) throws(OAuthError) -> ScopeSet? {
        guard let text = try parameters.value(.scope) else { return nil }
        do throws(OAuthValueError) {
            return try ScopeSet(parsing: text)
        } catch {
            throw OAuthError(.invalidScope, "The scope is malformed. \(error.sentence)")
        }
    }
}
