/// The first stage of an authorization request: client and redirect, neither of them verified.
///
/// An error in this stage is shown on a page, because no redirect is known to be the client's.
///
/// Spec: RFC 6749 §4.1.2.1
package struct ClientAndRedirect: Hashable, Sendable {
    /// The `client_id` of the request.
    package let clientID: ClientID
    /// The `redirect_uri` as sent; well-formed, but not compared with the registered ones. Nil when the request sends none.
    package let redirectURI: String?

    /// Reads the two parameters.
    package init(_ parameters: Parameters) throws(OAuthError) {
        let clientID = try parameters.required(.clientID)
        let redirectURI = try parameters.value(.redirectURI)
        do {
            self.clientID = try ClientID(clientID)
            if let redirectURI { _ = try RedirectURI(redirectURI) }
        } catch {
            throw OAuthError(.invalidRequest, error)
        }
        self.redirectURI = redirectURI
    }
}
