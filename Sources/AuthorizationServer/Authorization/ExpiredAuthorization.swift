import JOSE
import OAuth
import Storage

extension ConsentEndpoint {
    /// The address that tells the client that its request expired; nil for a client that this account never approved, because
    /// such a client could use the way back to steer browsers.
    func wayBack(_ interaction: Interaction, in transaction: Transaction) throws -> Destination? {
        let pending = try PendingAuthorization(of: interaction)
        guard pending.device == nil else { return .device }
        guard try transaction.sessions.hasApproved(user: interaction.userID, client: pending.clientID) else {
            return nil
        }
        return pending.destination(issuer: settings.issuer, refusing: AuthorizeEndpoint.expired)
    }

    /// The sign-in page for a request whose user is no longer signed in, in the very browser in which it waits; nil for any
    /// other browser, which learns nothing.
    func signInPrompt(for id: InteractionID, _ browser: Browser, _ now: Timestamp) async throws -> SignInPrompt? {
        let found = try await store.read { try $0.interactions.find(id, waitingIn: browser.binding, now: now) }
        guard let found else { return nil }
        let client = try PendingAuthorization(of: found).shownClient.signInName
        return SignInPrompt(
            client: client, token: try seal.seal(.consent(id, client: client), for: browser, now: now))
    }

    /// Takes the same request to the sign-in page, where it is checked anew for the account that signs in.
    func switchAccount(
        _ interaction: Interaction, _ person: SignedIn, _ browser: Browser, now: Timestamp
    ) throws -> Outcome {
        let pending = try PendingAuthorization(of: interaction)
        if let device = pending.device {
            let waiting = InteractionSeal.Waiting.device(code: device.code)
            return .switchAccount(
                SignInPrompt(
                    client: pending.shownClient.signInName,
                    token: try seal.seal(waiting, for: browser, since: interaction.createdAt, now: now)))
        }
        guard let original = pending.original else { return .finished }
        let waiting = InteractionSeal.Waiting.authorization(
            parameters: original, arrival: pending.pushed.map { .used($0, by: interaction.id) } ?? .direct,
            client: pending.shownClient.signInName,
            reference: browser.reference)
        let hint = (try? AuthorizationDraft(original))?.loginHint
        return .switchAccount(
            SignInPrompt(
                client: pending.shownClient.signInName,
                token: try seal.seal(waiting, for: browser, since: interaction.createdAt, now: now),
                hint: hint?.lowercased() == person.user.name.lowercased() ? nil : hint))
    }
}

extension AuthorizeEndpoint {
    /// The address that tells the client that its request expired at the sign-in page; nil unless the redirect is the client's
    /// and the account that is signed in here now approved the client before.
    func wayBack(
        from text: String, arrival: RequestArrival, browser: Browser, trace: TraceWriter?
    ) async throws -> String? {
        let now = clock.now()
        let trace = trace ?? observer.newTrace(for: browser)
        guard let person = try await people.signedIn(browser, now: now),
            let draft = try? AuthorizationDraft(text, arrival: arrival),
            let client = try? await clients.known(draft.asker.clientID, now: now, trace: trace),
            let request = try? draft.checked(against: client, settings.clients),
            let redirect = request.redirect,
            try await store.read({ try $0.sessions.hasApproved(user: person.user.id, client: client.id) })
        else { return nil }
        return AuthorizationResponse(
            to: redirect, error: Self.expired.referring(to: trace.reference), state: draft.state,
            issuer: settings.issuer
        ).location
    }

    static let expired = OAuthError(.accessDenied, "The user did not answer within an hour.")
}
