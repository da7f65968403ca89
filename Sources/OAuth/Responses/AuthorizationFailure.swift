/// A failed authorization request, with where its error goes: to an error page or to a verified redirect.
///
/// Spec: RFC 6749 §4.1.2.1
package enum AuthorizationFailure: Error, Hashable, Sendable {
    /// Client or redirect are not verified: the error stays on a page.
    case page(OAuthError)
    /// The error goes to the client.
    case redirect(OAuthError, VerifiedRedirect)

    /// The error.
    package var error: OAuthError {
        switch self {
        case .page(let error), .redirect(let error, _): error
        }
    }
}
