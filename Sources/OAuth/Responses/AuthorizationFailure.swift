/// How a failed authorization request is answered: on a page of our own, or at a redirect that has been proven.
///
/// Spec: RFC 6749 §4.1.2.1
package enum AuthorizationFailure: Error, Hashable, Sendable {
    /// Client or redirect are not proven: nothing may be sent anywhere.
    case page(OAuthError)
    /// The client gets to know.
    case redirect(OAuthError, VerifiedRedirect)

    /// What went wrong.
    package var error: OAuthError {
        switch self {
        case .page(let error), .redirect(let error, _): error
        }
    }
}
