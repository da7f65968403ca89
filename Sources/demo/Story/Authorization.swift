import JOSE
import OAuth

/// One authorization request of the client, with the state and code verifier that it keeps until the response arrives.
///
/// Spec: OAuth 2.1 §4.1.1
struct Authorization {
    let address: String
    let state: String
    let verifier: CodeVerifier

    init(_ discovery: Discovery, clientID: String, redirect: String, scope: String) {
        let (state, verifier) = (Random.token(16), CodeVerifier.random())
        self.state = state
        self.verifier = verifier
        let query = FormText.encode([
            ("response_type", "code"), ("client_id", clientID), ("redirect_uri", redirect), ("scope", scope),
            ("resource", discovery.resource.resource), ("state", state),
            ("code_challenge", CodeChallenge(for: verifier).string), ("code_challenge_method", CodeChallenge.method),
        ])
        address = "\(discovery.authorizationEndpoint)?\(query)"
    }

    /// The code in a response, after checking that the response belongs to this request and comes from this issuer.
    ///
    /// Spec: RFC 9207 §2.4
    func code(in answer: Parameters, from issuer: Issuer) throws -> String {
        guard try answer.value("state") == state, try answer.value("iss") == issuer.string else {
            throw StoryFailure(expected: "a response with our state and iss=\(issuer)", found: "it has others")
        }
        guard let code = try answer.value("code") else {
            throw StoryFailure(
                expected: "an authorization code", found: "the error is \(try answer.value("error") ?? "missing too")")
        }
        return code
    }
}
