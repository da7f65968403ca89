package import JOSE

/// What an MCP server asks to get a provider's access token for the person whose token it holds.
///
/// Spec: RFC 8693 §2.1
package struct TokenExchangeRequest: Sendable {
    /// The only type of token that is taken and given.
    package static let accessTokenType = "urn:ietf:params:oauth:token-type:access_token"

    /// The person's access token for the MCP server that asks.
    package let subjectToken: Secret
    /// Whose token is wanted.
    package let provider: ProviderName

    /// Reads the form of the request.
    package init(_ parameters: Parameters) throws(OAuthError) {
        // Refused even when it is empty: whoever sends it wants the token to name an actor, and would get one that does not.
        guard !parameters.names(.actorToken) else {
            throw OAuthError(.invalidRequest, "Leave actor_token out: delegation is not served.")
        }
        // Refused when it is empty: a token for nobody in particular is nothing that an MCP server could mean.
        subjectToken = Secret(try parameters.required(.subjectToken))
        guard try parameters.required(.subjectTokenType) == Self.accessTokenType else {
            throw OAuthError(.invalidRequest, "The subject_token_type has to be \(Self.accessTokenType).")
        }
        if let wanted = try parameters.value(.requestedTokenType), wanted != Self.accessTokenType {
            throw OAuthError(.invalidRequest, "The requested_token_type can be \(Self.accessTokenType) alone.")
        }
        guard try parameters.value(.scope) == nil, try parameters.repeated(.resource).isEmpty else {
            throw OAuthError(.invalidRequest, "Leave scope and resource out: the token is as the person connected it.")
        }
        guard let provider = ProviderName(audience: try parameters.required(.audience)) else {
            throw OAuthError(.invalidTarget, "The audience has to be urn:gatehouse:provider:NAME of a provider.")
        }
        self.provider = provider
    }
}
