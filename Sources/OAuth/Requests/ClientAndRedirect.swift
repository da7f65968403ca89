/// The first stage of an authorization request: who asks, and where the answer is to go. Neither is proven yet.
///
/// Whatever is wrong here is shown on a page, for there is nobody to send it to.
///
/// Spec: RFC 6749 §4.1.2.1
package struct ClientAndRedirect: Hashable, Sendable {
    /// Who asks.
    package let clientID: ClientID
    /// Where the answer is to go, as sent; its form has been checked, but not whose it is.
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
