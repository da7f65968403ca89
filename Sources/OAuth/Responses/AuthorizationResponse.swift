/// The answer to an authorization request, as the address that the browser is sent to.
///
/// A verified redirect holds none of these parameters, so each of them stands in the address exactly once.
///
/// Spec: RFC 6749 §4.1.2
/// Spec: RFC 9207 §2
package struct AuthorizationResponse: Hashable, Sendable, RedactedCredential {
    /// The address. It carries a code: show it to the person's browser and to nobody else.
    package let location: String

    /// Brings the client its code.
    package init(to redirect: VerifiedRedirect, code: AuthorizationCode, state: String?, issuer: Issuer) {
        self.init(to: redirect, [(.code, code.reveal()), (.state, state), (.issuer, issuer.string)])
    }

    /// Tells the client why there is none.
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
