import JOSE
import OAuth
import Storage

/// Turns an authorization request into an interaction that waits for its person.
///
/// Before anybody signed in nothing is stored and nothing is fetched: the request travels sealed in the sign-in page.
/// Spec: OAuth 2.1 §4.1.1
package struct AuthorizeEndpoint: Sendable {
    let settings: Settings
    let store: Store
    let clients: ClientDirectory
    let people: SignInService
    let seal: InteractionSeal
    let clock: WallClock
    let timelines = AuthorizationTraces()

    /// Answers a request that arrived with the query or form `text`.
    package func begin(_ text: String, browser: Browser) async throws -> AuthorizeOutcome {
        let attempt = timelines.begin(for: browser, clock: clock)
        let now = clock.now()
        let person = try await attempt.watching { try await people.signedIn(browser, now: now) }
        return try await answering(text, person, attempt) { draft in
            let client = try await clients.known(draft.asker.clientID, now: now, for: attempt)
            let request = try draft.checked(against: client, localhostAnyPort: settings.clients.localhostAnyPort)
            let wanted = request.body.authentication
            // Where the redirect is not proven yet, this is told after the sign-in.
            if request.redirect != nil, let unmet = wanted.refusal(among: people.contexts) {
                throw request.failure(unmet)
            }
            let isSignedIn = person.map { wanted.isMet(by: $0.login.authentication, at: now) } ?? false
            // Nobody can be asked silently, and no approval is remembered that could answer instead.
            if request.body.prompt.contains(.none) {
                throw request.failure(isSignedIn ? Self.nobodyAsked : Self.nobodySignedIn)
            }
            guard let person, isSignedIn else {
                let name = client.map { $0.shownHost ?? $0.metadata.name } ?? draft.asker.clientID.shownHost
                return try signIn(draft, client: name, person: wanted.isAnew ? nil : person, browser, attempt, now)
            }
            attempt.note(.recognised)
            return try await proceed(draft, person: person, hasJustSignedIn: false, browser, attempt, now: now)
        }
    }

    private func signIn(
        _ draft: AuthorizationDraft, client: String?, person: SignedIn?, _ browser: Browser, _ attempt: Attempt,
        _ now: Timestamp
    ) throws -> AuthorizeOutcome {
        attempt.note(.signInAsked)
        let waiting = InteractionSeal.Waiting.authorization(
            parameters: draft.text, client: client, reference: browser.reference)
        let token = try seal.seal(waiting, for: browser, now: now)
        return .signIn(
            SignInPrompt(client: client, token: token, account: person?.user.name, hint: draft.loginHint))
    }

    /// Takes up the request that was sealed into the sign-in page, now that `person` has signed in for it: whatever it wants
    /// of a sign-in's age holds, and nobody is asked twice.
    func resume(
        _ text: String, person: SignedIn, browser: Browser, attempt: Attempt?
    ) async throws -> AuthorizeOutcome {
        let attempt = attempt ?? timelines.begin(for: browser, clock: clock)
        return try await answering(text, person, attempt) { draft in
            try await proceed(draft, person: person, hasJustSignedIn: true, browser, attempt, now: clock.now())
        }
    }

    private func proceed(
        _ draft: AuthorizationDraft, person: SignedIn, hasJustSignedIn: Bool, _ browser: Browser, _ attempt: Attempt,
        now: Timestamp
    ) async throws -> AuthorizeOutcome {
        attempt.belongs(to: person.user.id)
        let client = try await clients.resolve(
            draft.asker.clientID, now: now, for: attempt, person: person.user.id, browser: browser)
        let request = try draft.checked(against: client, localhostAnyPort: settings.clients.localhostAnyPort)
        guard let redirect = request.redirect else { throw request.failure(Self.nobodyAsked) }
        if let unmet = request.body.authentication.refusal(among: people.contexts) { throw request.failure(unmet) }
        guard request.body.authentication.accepts(person.login.authentication.context) else {
            throw request.failure(Self.signedInOtherwise)
        }
        guard client.metadata.allows(.authorizationCode) else {
            throw request.failure(
                OAuthError(.unauthorizedClient, "This client did not register the authorization_code grant."))
        }
        let found = try await store.read { [defaultResource = settings.defaultResource] transaction in
            try RequestedAccess.find(request.body, client: client, defaultResource: defaultResource, in: transaction)
        }
        let access = try found.mapError(request.failure).get()
        guard hasJustSignedIn || access.accepts(signIn: person.login.authentication, at: now) else {
            let name = client.shownHost ?? client.metadata.name
            return try signIn(draft, client: name, person: person, browser, attempt, now)
        }
        let pending = PendingAuthorization(
            request.body, client: client, redirect: redirect, access: access, text: draft.text,
            signedIn: hasJustSignedIn ? person.login.authTime : nil)
        let interaction = Interaction(
            userID: person.user.id, browserLoginID: person.login.id, request: pending.text, createdAt: now,
            expiresAt: now + InteractionSeal.maximumAge)
        try await store.write { try $0.interactions.open(interaction) }
        attempt.lead(from: .interaction(interaction.id))
        attempt.note(.consentAsked(server: access.resource.name, scopes: access.scope.scopes.count))
        return .consent(interaction.id)
    }

    /// Runs `body` and turns every refusal into what the browser is shown.
    private func answering(
        _ text: String, _ person: SignedIn?, _ attempt: Attempt,
        _ body: (AuthorizationDraft) async throws -> AuthorizeOutcome
    ) async throws -> AuthorizeOutcome {
        do {
            let draft = try Self.draft(text, attempt)
            do {
                return try await body(draft)
            } catch let failure as AuthorizationFailure {
                let refusal = try await refusal(failure, draft, person, attempt)
                attempt.note(.refused(failure.error, refusal.told))
                return .refused(refusal.asked(by: draft.asker.clientID.string))
            } catch let error as OAuthError {
                throw error.asked(by: draft.asker.clientID.string)
            }
        } catch let error as OAuthError {
            attempt.note(.refused(error, .onPage))
            return .refused(.page(error))
        } catch {
            attempt.note(.failed)
            throw error
        }
    }

    private static func draft(_ text: String, _ attempt: Attempt) throws(OAuthError) -> AuthorizationDraft {
        do throws(OAuthError) {
            let draft = try AuthorizationDraft(text)
            let redirect = draft.asker.redirectURI.flatMap { try? RedirectURI($0) }
            attempt.note(.arrived(client: draft.asker.clientID.string, redirectHost: redirect?.place))
            return draft
        } catch {
            attempt.note(.arrived(client: nil, redirectHost: nil))
            throw error
        }
    }

    private func refusal(
        _ failure: AuthorizationFailure, _ draft: AuthorizationDraft, _ person: SignedIn?, _ attempt: Attempt
    ) async throws -> AuthorizeRefusal {
        guard case .redirect(let error, let redirect) = failure else { return .page(failure.error) }
        let location = AuthorizationResponse(
            to: redirect, error: error.referring(to: attempt.reference), state: draft.state, issuer: settings.issuer
        ).location
        let id = draft.asker.clientID
        let isTrusted = try await store.read { transaction in
            if try transaction.clients.find(id) != nil { return true }
            return try person.map { try transaction.sessions.hasApproved(user: $0.user.id, client: id) } ?? false
        }
        return isTrusted ? .redirect(location, error) : .link(location, error)
    }

    private static let nobodySignedIn = OAuthError(
        .loginRequired, "Somebody has to sign in; ask again without prompt=none.")
    private static let signedInOtherwise = OAuthError(
        .unmetAuthenticationRequirements, "The person signed in, but in none of the ways that acr_values names.")
    private static let nobodyAsked = OAuthError(
        .consentRequired, "A person has to approve; ask again without prompt=none.")
}
