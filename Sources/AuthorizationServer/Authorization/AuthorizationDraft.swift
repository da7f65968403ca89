import OAuth

/// An authorization request while it is only known who claims to ask: what else it says is read once it is clear
/// where a refusal may go.
struct AuthorizationDraft: Sendable {
    /// As much as a URL may hold; what came as a form has to fit into the sign-in page as well.
    private static let longest = 16_384

    let text: String
    let parameters: Parameters
    let asker: ClientAndRedirect

    /// Reads client and redirect; whatever is wrong with them can only be told on a page.
    init(_ text: String) throws(OAuthError) {
        guard text.utf8.count <= Self.longest else {
            throw OAuthError(.invalidRequest, "The request is too long; send at most \(Self.longest) characters.")
        }
        self.text = text
        parameters = try Parameters(query: text)
        asker = try ClientAndRedirect(parameters)
    }

    /// What a refusal gives back to the client, if the request says so exactly once.
    var state: String? { AuthorizationRequest.stateForRefusal(parameters) }

    /// The name that the client expects to sign in, for the sign-in page alone; one that no account could have is left out.
    var loginHint: String? {
        guard let hint = try? parameters.value(.loginHint) else { return nil }
        return try? AdministrationText.checked(hint, as: "The name", atMost: 254)
    }

    /// The whole request, checked against `client`, or as far as that goes while the client is not known yet (nil).
    func checked(against client: Client?, localhostAnyPort: Bool) throws(AuthorizationFailure) -> CheckedAuthorization {
        var redirect: VerifiedRedirect?
        if let client {
            redirect = try Self.verify(asker.redirectURI, of: client, localhostAnyPort: localhostAnyPort)
        } else {
            try checkForm()
        }
        do {
            return CheckedAuthorization(body: try AuthorizationRequest(parameters), redirect: redirect)
        } catch {
            throw CheckedAuthorization.failure(error, redirect)
        }
    }

    /// A redirect that no document could name is no reason to fetch one.
    private func checkForm() throws(AuthorizationFailure) {
        guard let text = asker.redirectURI else { return }
        do throws(OAuthValueError) {
            guard try RedirectURI(text).kind != .privateUse else {
                throw OAuthValueError(
                    "An app with a metadata document is reached at https://, or at http:// on localhost.")
            }
        } catch {
            throw .page(OAuthError(.invalidRequest, error))
        }
    }

    private static func verify(
        _ requested: String?, of client: Client, localhostAnyPort: Bool
    ) throws(AuthorizationFailure) -> VerifiedRedirect {
        let verified = RedirectRule.verify(
            requested, registered: client.metadata.redirectURIs, localhostAnyPort: localhostAnyPort)
        guard let verified else {
            throw .page(
                OAuthError(
                    .invalidRequest, "The redirect_uri is not one of the app's own; its maker has to register it.",
                    reason: RedirectRule.difference(
                        requested, registered: client.metadata.redirectURIs, localhostAnyPort: localhostAnyPort)))
        }
        return verified
    }
}

/// An authorization request in which everything that can be checked without a person is in order.
struct CheckedAuthorization: Sendable {
    let body: AuthorizationRequest
    /// Where answers go, nil while the client's document has not been read.
    let redirect: VerifiedRedirect?

    /// A refusal, sent to the redirect once that is proven and shown on a page before.
    func failure(_ error: OAuthError) -> AuthorizationFailure {
        Self.failure(error, redirect)
    }

    static func failure(_ error: OAuthError, _ redirect: VerifiedRedirect?) -> AuthorizationFailure {
        redirect.map { .redirect(error, $0) } ?? .page(error)
    }
}
