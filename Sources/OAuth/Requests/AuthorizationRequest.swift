/// The second stage of an authorization request: what is asked for. Errors in here may go to a proven redirect.
///
/// Spec: OAuth 2.1 §4.1.1
/// Spec: RFC 7636 §4.3
package struct AuthorizationRequest: Hashable, Sendable {
    /// In bytes, once the state is decoded: a client knows what it wrote and not how its library encodes it.
    static let maximumStateLength = 4096

    /// What the client wants to see again.
    package let state: String?
    /// The PKCE commitment.
    package let challenge: CodeChallenge
    /// The scopes that are named, without `offline_access`; nil when none is.
    package let scope: ScopeSet?
    /// The MCP server that is named, if one is.
    package let resource: ResourceIdentifier?
    /// What the person is to be asked again.
    package let prompt: Set<Prompt>
    /// What is wanted of the person's sign-in.
    package let authentication: AuthenticationRequirement

    /// Reads everything but client and redirect. Parameters that nobody here knows are passed over.
    package init(_ parameters: Parameters) throws(OAuthError) {
        try Self.checkForm(parameters)
        state = try Self.state(parameters)
        challenge = try Self.challenge(parameters)
        scope = try ScopeRule.requested(parameters.value(.scope))
        resource = try ResourceRule.requested(parameters.repeated(.resource))
        prompt = try Self.prompt(parameters)
        authentication = try AuthenticationRequirement(parameters, prompt: prompt)
    }

    /// The `state` to send back with a refusal, as far as it can be known.
    package static func stateForRefusal(_ parameters: Parameters) -> String? {
        (try? state(parameters)).flatMap(\.self)
    }

    private static func checkForm(_ parameters: Parameters) throws(OAuthError) {
        guard try parameters.value(.request) == nil, try parameters.value(.requestURI) == nil else {
            throw OAuthError(.invalidRequest, "Send plain parameters: request objects are not supported here.")
        }
        guard try parameters.required(.responseType) == ResponseType.code.rawValue else {
            throw OAuthError(.unsupportedResponseType, "Use response_type=code, the only one there is.")
        }
        guard try parameters.value(.responseMode) ?? "query" == "query" else {
            throw OAuthError(.invalidRequest, "Use response_mode=query, or leave it out.")
        }
        // A suggestion for the sign-in page alone; like everything else it may be sent once.
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
        // Absent would mean plain: what looks like a digest is then the verifier itself.
        guard try parameters.value(.codeChallengeMethod) == CodeChallenge.method else {
            throw OAuthError(.invalidRequest, "Send code_challenge_method=S256; plain is not accepted.")
        }
        do {
            return try CodeChallenge(challenge)
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
