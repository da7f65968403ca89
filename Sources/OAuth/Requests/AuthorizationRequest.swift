/// The second stage of an authorization request: everything but client and redirect. Its errors may go to a verified redirect.
///
/// Spec: OAuth 2.1 §4.1.1
/// Spec: RFC 7636 §4.3
package struct AuthorizationRequest: Hashable, Sendable {
    /// In bytes after decoding, because a client does not know how its library encodes the state.
    static let maximumStateLength = 4096

    /// The value that the response returns to the client.
    package let state: String?
    /// The PKCE code challenge.
    package let challenge: CodeChallenge
    /// The named scopes, without `offline_access`; nil when the request names none.
    package let scope: ScopeSet?
    /// The named MCP server; nil when the request names none.
    package let resource: ResourceIdentifier?
    /// The values of `prompt`.
    package let prompt: Set<Prompt>
    /// The thumbprint of the key that the code is bound to (`dpop_jkt`); nil for a code that is bound to no key.
    ///
    /// Spec: RFC 9449 §10
    package let keyThumbprint: KeyThumbprint?
    /// The requirements on the user's sign-in.
    package let authentication: AuthenticationRequirement

    /// Reads everything but client and redirect. Unknown parameters are ignored.
    package init(_ parameters: Parameters) throws(OAuthError) {
        try Self.checkForm(parameters)
        state = try Self.state(parameters)
        challenge = try Self.challenge(parameters)
        scope = try ScopeRule.requested(parameters.value(.scope))
        resource = try ResourceRule.requested(parameters.repeated(.resource))
        prompt = try Self.prompt(parameters)
        keyThumbprint = try Self.keyThumbprint(parameters)
        authentication = try AuthenticationRequirement(parameters, prompt: prompt)
    }

    /// The `state` that a refusal returns; nil unless the request sends a valid one exactly once.
    package static func stateForRefusal(_ parameters: Parameters) -> String? {
        (try? state(parameters)).flatMap(\.self)
    }

    private static func checkForm(_ parameters: Parameters) throws(OAuthError) {
        guard try parameters.value(.request) == nil else {
            throw OAuthError(.requestNotSupported, "Send plain parameters: request objects are not supported.")
        }
        guard try parameters.value(.requestURI) == nil else {
            throw OAuthError(
                .requestURINotSupported,
                "Send plain parameters, or the request_uri of a pushed request. No other address is fetched.")
        }
        guard try parameters.required(.responseType) == ResponseType.code.rawValue else {
            throw OAuthError(.unsupportedResponseType, "Use response_type=code. No other type is supported.")
        }
        guard try parameters.value(.responseMode) ?? "query" == "query" else {
            throw OAuthError(.invalidRequest, "Use response_mode=query, or leave it out.")
        }
        // Only the sign-in page uses it, but a repetition is refused here as for every parameter.
        _ = try parameters.value(.loginHint)
    }

    private static func state(_ parameters: Parameters) throws(OAuthError) -> String? {
        guard let state = try parameters.value(.state) else { return nil }
        guard state.utf8.count <= maximumStateLength, state.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
            throw OAuthError(
                .invalidRequest,
                "Keep state below \(maximumStateLength + 1) bytes and free of control characters.")
        }
        return state
    }

    private static func challenge(_ parameters: Parameters) throws(OAuthError) -> CodeChallenge {
        guard let challenge = try parameters.value(.codeChallenge) else {
            throw OAuthError(.invalidRequest, "Use PKCE: send code_challenge with code_challenge_method=S256.")
        }
        // An absent method means plain (RFC 7636 §4.3): the challenge would then be the verifier itself.
        guard try parameters.value(.codeChallengeMethod) == CodeChallenge.method else {
            throw OAuthError(.invalidRequest, "Send code_challenge_method=S256; plain is not accepted.")
        }
        do {
            return try CodeChallenge(challenge)
        } catch {
            throw OAuthError(.invalidRequest, error)
        }
    }

    private static func keyThumbprint(_ parameters: Parameters) throws(OAuthError) -> KeyThumbprint? {
        guard let text = try parameters.value(.keyThumbprint) else { return nil }
        do {
            return try KeyThumbprint(text)
        } catch {
            throw OAuthError(.invalidRequest, error)
        }
    }

    private static func prompt(_ parameters: Parameters) throws(OAuthError) -> Set<Prompt> {
        let words = try parameters.value(.prompt)?.split(separator: " ") ?? []
        let prompt = Set(words.map { Prompt(rawValue: String($0)) })
        guard !prompt.contains(.none) || prompt.count == 1 else {
            throw OAuthError(.invalidRequest, "Send prompt=none alone or leave none out.")
        }
        return prompt
    }
}
