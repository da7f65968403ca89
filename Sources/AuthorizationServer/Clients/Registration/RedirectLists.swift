import OAuth
import Storage

/// The redirects that a client may have, by the mode of registration and the lists of this server.
struct RedirectLists: Sendable {
    /// The mode that the client is held to.
    private let mode: RegistrationMode

    /// The lists for a client that registers now.
    init(registering mode: RegistrationMode) {
        self.mode = mode
    }

    /// The lists for a client that is registered already. One with an initial access token keeps the rule of its token. Any other
    /// is held to `known` unless every client may have every host: `token` and `off` admit no client without a token.
    init(of client: DynamicClient, _ mode: RegistrationMode) {
        self.mode = client.isInvited ? .token : mode == .open ? .open : .known
    }

    /// Whether a client of this type may have a redirect.
    private func admits(
        _ redirect: RedirectURI, _ type: ApplicationType?, in transaction: Transaction
    ) throws -> Bool {
        guard try !transaction.blocksHost(of: redirect) else { return false }
        let isListed =
            try KnownRedirects.shipped.entry(for: redirect) != nil || transaction.allowedRedirects.admits(redirect)
        return RedirectAdmission(mode: mode, applicationType: type).admits(redirect, isListed: isListed)
    }

    /// The registration of those redirects that are admitted.
    func registration(_ request: RegistrationRequest, in transaction: Transaction) throws -> ClientRegistration {
        try request.registration { try admits($0, request.applicationType, in: transaction) }
    }

    /// The client with those of its redirects that are admitted today.
    fileprivate func restricted(_ client: Client, in transaction: Transaction) throws -> Client {
        client.redirected(to: try client.metadata.redirectURIs.filter { try admits($0, nil, in: transaction) })
    }
}

extension ClientDirectory {
    /// A client with those redirects that it may use today. A client that registered itself loses a redirect when the mode of
    /// registration or the lists no longer admit it.
    func admitted(_ client: Client, in transaction: Transaction) throws -> Client {
        guard let record = client.ownRegistration else { return client }
        return try RedirectLists(of: record, settings.registration).restricted(client, in: transaction)
    }

    /// The record of a client, with those redirects that it may use today.
    func admittedRecord(of id: ClientID, in transaction: Transaction) throws -> Record {
        switch try record(of: id, in: transaction) {
        case .registered(let client): .registered(try admitted(client, in: transaction))
        case .document(let kept): .document(kept)
        }
    }

    /// Throws unless a redirect that was verified when a consent page was opened is still admitted.
    func checkRedirect(of pending: PendingAuthorization, in transaction: Transaction) throws {
        guard let requested = pending.redirect?.uri.string,
            let redirects = try currentRedirects(of: pending, in: transaction)
        else { return }
        guard
            RedirectRule.verify(requested, registered: redirects, localhostAnyPort: settings.localhostAnyPort) != nil
        else {
            throw OAuthError(
                .invalidRequest,
                "The app may no longer receive the response at this address. Go back to the app and start again.",
                reason: "the redirect of \(pending.clientID) was withdrawn while the page was open")
        }
    }

    /// The redirects that the client has now; nil for a client with a document, of which the waiting request keeps a copy.
    private func currentRedirects(
        of pending: PendingAuthorization, in transaction: Transaction
    ) throws -> [RedirectURI]? {
        if pending.clientOrigin.isRegistered { return try transaction.clients.find(pending.clientID)?.redirectURIs }
        guard pending.clientOrigin.isSelfRegistered,
            case .registered(let client) = try record(of: pending.clientID, in: transaction)
        else { return nil }
        return try admitted(client, in: transaction).metadata.redirectURIs
    }
}
