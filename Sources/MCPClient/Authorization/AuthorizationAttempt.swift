import JOSE
package import OAuth

/// One authorization request of a client, with the state and the code verifier that it keeps until the response arrives.
///
/// Spec: OAuth 2.1 §4.1.1
package struct AuthorizationAttempt: Sendable {
    /// The URL that the user's browser opens.
    package let address: String
    /// The value that the response repeats.
    package let state: String
    /// The secret that proves at the token endpoint that this client made the request.
    package let verifier: CodeVerifier

    /// A new request of a client for a token of the MCP server that was discovered. Without a scope the server chooses.
    package init(_ discovery: Discovery, clientID: String, redirect: String, scope: String?) {
        let (state, verifier) = (Random.token(16), CodeVerifier.random())
        self.state = state
        self.verifier = verifier
        var fields = [("response_type", "code"), ("client_id", clientID), ("redirect_uri", redirect)]
        if let scope, !scope.isEmpty { fields.append(("scope", scope)) }
        fields += [
            ("resource", discovery.resource.resource), ("state", state),
            ("code_challenge", CodeChallenge(for: verifier).string), ("code_challenge_method", CodeChallenge.method),
        ]
        let mark = discovery.authorizationEndpoint.contains("?") ? "&" : "?"
        address = discovery.authorizationEndpoint + mark + FormText.encode(fields)
    }

    /// The code in a response, after checking that the response belongs to this request and comes from this issuer.
    ///
    /// Spec: RFC 9207 §2.4
    package func code(in answer: Parameters, from issuer: Issuer) throws -> String {
        guard try answer.value("state") == state else {
            throw ClientFailure(
                "A response with another state arrived, so it belongs to another request and was not used.")
        }
        guard try answer.value("iss") == issuer.string else {
            throw ClientFailure("The response does not name the issuer \(issuer), so its code was not used.")
        }
        if let error = try answer.value("error") {
            let description = try answer.value("error_description").map { ": \($0)" } ?? "."
            throw ClientFailure("The authorization ended with \(error)\(description)")
        }
        guard let code = try answer.value("code") else {
            throw ClientFailure("The response of the authorization server has neither a code nor an error.")
        }
        return code
    }
}
