import OAuth

/// An authorization request of which only client and redirect are read. The rest is read once the redirect is verified,
/// because only then can a refusal go to the client.
struct AuthorizationDraft: Sendable {
    /// In bytes: as much as a URL may hold. A longer form would not fit into the sign-in page, which carries the request.
    private static let longest = 16_384

    let text: String
    let parameters: Parameters
    let asker: ClientAndRedirect
    let arrival: RequestArrival

    /// Reads client and redirect. An error goes to a page, because no redirect is verified yet.
    init(_ text: String, arrival: RequestArrival = .direct) throws(OAuthError) {
        try self.init(text, Self.parameters(text), arrival: arrival)
    }

    /// Reads client and redirect from the parameters of `text`.
    init(_ text: String, _ parameters: Parameters, arrival: RequestArrival = .direct) throws(OAuthError) {
        self.text = text
        self.parameters = parameters
        self.arrival = arrival
        asker = try ClientAndRedirect(parameters)
    }

    /// The parameters of a request that is not too long.
    static func parameters(_ text: String) throws(OAuthError) -> Parameters {
        guard text.utf8.count <= longest else {
            throw OAuthError(.invalidRequest, "The request is too long; send at most \(longest) characters.")
        }
        return try Parameters(query: text)
    }

    /// The `state` that a refusal returns; nil unless the request sends a valid one exactly once.
    var state: String? { AuthorizationRequest.stateForRefusal(parameters) }

    /// The `login_hint` for the sign-in page; nil for text that no account name could be.
    var loginHint: String? {
        guard let hint = try? parameters.value(.loginHint) else { return nil }
        return try? AdministrationText.checked(hint, as: "The name", atMost: 254)
    }

    /// Checks the whole request against `client`. Without a client (nil), because its document is not cached, the redirect
    /// stays unverified.
    func checked(
        against client: Client?, _ rules: Settings.Clients
    ) throws(AuthorizationFailure) -> CheckedAuthorization {
        var redirect: VerifiedRedirect?
        if let client {
            redirect = try Self.verify(asker.redirectURI, of: client, localhostAnyPort: rules.localhostAnyPort)
        } else {
            try checkForm()
        }
        let mustBePushed =
            rules.requiresPushedRequests || client?.metadata.requirements.contains(.pushedRequests) ?? false
        guard arrival.isPushed || !mustBePushed else { throw CheckedAuthorization.failure(Self.notPushed, redirect) }
        do {
            return CheckedAuthorization(body: try AuthorizationRequest(parameters), redirect: redirect)
        } catch {
            throw CheckedAuthorization.failure(error, redirect)
        }
    }

    private static let notPushed = OAuthError(
        .invalidRequest,
        "Push this request first: post it to the pushed authorization request endpoint, and send its request_uri here.")

    /// Refuses a redirect that no document can register, so that such a request causes no fetch.
    private func checkForm() throws(AuthorizationFailure) {
        guard let text = asker.redirectURI else { return }
        do throws(OAuthValueError) {
            guard try RedirectURI(text).kind != .privateUse else {
                throw OAuthValueError(
                    "A client with a metadata document needs a redirect URI that begins with https://, or with http:// on localhost."
                )
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
                    .invalidRequest,
                    "The redirect_uri is not registered for this client. Its developer must register it.",
                    reason: RedirectRule.difference(
                        requested, registered: client.metadata.redirectURIs, localhostAnyPort: localhostAnyPort)))
        }
        return verified
    }
}

/// An authorization request that passed every check that needs no user.
struct CheckedAuthorization: Sendable {
    let body: AuthorizationRequest
    /// Where responses go; nil while the client's document has not been read.
    let redirect: VerifiedRedirect?

    /// A failure that goes to the redirect if the redirect is verified, and to a page otherwise.
    func failure(_ error: OAuthError) -> AuthorizationFailure {
        Self.failure(error, redirect)
    }

    static func failure(_ error: OAuthError, _ redirect: VerifiedRedirect?) -> AuthorizationFailure {
        redirect.map { .redirect(error, $0) } ?? .page(error)
    }
}
