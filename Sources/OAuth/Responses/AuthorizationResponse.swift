/// A response to an authorization request, as the URL that the browser is redirected to.
///
/// A verified redirect contains none of these parameters, so each occurs exactly once.
///
/// Spec: RFC 6749 §4.1.2
/// Spec: RFC 9207 §2
package struct AuthorizationResponse: Hashable, Sendable, RedactedCredential {
    /// The URL. It may contain a code, so it goes to the user's browser only.
    package let location: String

    /// Makes a successful response.
    package init(to redirect: VerifiedRedirect, code: AuthorizationCode, state: String?, issuer: Issuer) {
        self.init(to: redirect, [(.code, code.reveal()), (.state, state), (.issuer, issuer.string)])
    }

    /// Makes an error response.
    package init(to redirect: VerifiedRedirect, error: OAuthError, state: String?, issuer: Issuer) {
        self.init(
            to: redirect,
            [
                (.error, error.code.rawValue), (.errorDescription, error.description), (.state, state),
                (.issuer, issuer.string),
            ])
    }

    private init(to redirect: VerifiedRedirect, _ parameters: [(ParameterName, String?)]) {
        let added = parameters.compactMap { name, value in
            value.map { "\(name.rawValue)=\(PercentEncoding.encode($0))" }
        }
        let uri = redirect.uri.string
        let separator =
            switch uri.firstIndex(of: "?") {
            case nil: "?"
            case let mark? where uri.index(after: mark) == uri.endIndex: ""
            default: "&"
            }
        location = uri + separator + added.joined(separator: "&")
    }
}
