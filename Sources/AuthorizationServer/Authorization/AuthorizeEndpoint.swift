import JOSE
import OAuth
import Storage

/// Turns an authorization request into an interaction that waits for its user's decision.
///
/// Before a user has signed in, nothing is stored and nothing is fetched here: the request travels sealed in the sign-in page. A
/// request that its client pushed was stored by the push.
/// Spec: OAuth 2.1 §4.1.1
package struct AuthorizeEndpoint: Sendable {
    let settings: Settings
    let store: Store
    let clients: ClientDirectory
    let people: SignInService
    let seal: InteractionSeal
    let clock: WallClock
    let observer: Observer
    /// The records of users whom access rules keep out.
    let refusals = AccessRefusals()

    /// What a request without a fault leads to.
    private enum NextPage: Sendable {
        case signIn(SignInPrompt)
        case consent(InteractionID, RequestedAccess)
        case refused(AuthorizeRefusal)
    }

    /// Answers a request that arrived with the query or form `text`.
    package func begin(_ text: String, browser: Browser) async throws -> AuthorizeOutcome {
        let trace = observer.newTrace(for: browser)
        let now = clock.now()
        let person = try await trace.recordingFailure { try await people.signedIn(browser, now: now) }
        let read = { try await arrived(text, person, now: now) }
        return try await answering(read, person, trace) { draft in
            let client = try await clients.known(draft.asker.clientID, now: now, trace: trace)
            let request = try draft.checked(against: client, settings.clients)
            let wanted = request.body.authentication
            // Before the redirect is proven, this refusal could only go to a page: it waits until after the sign-in.
            if request.redirect != nil, let unmet = try await people.reachableContexts.refusal(of: wanted) {
                throw request.failure(unmet)
            }
            let isSignedIn = person.map { wanted.isMet(by: $0.login.authentication, at: now) } ?? false
            // No approval is remembered, so a silent request can never be granted.
            if request.body.prompt.contains(.none) {
                throw request.failure(isSignedIn ? Self.consentNeeded : Self.signInNeeded)
            }
            guard let person, isSignedIn else {
                let name = client.map(\.shown.signInName) ?? draft.asker.clientID.shownHost
                return try signIn(draft, client: name, person: wanted.isAnew ? nil : person, browser, now)
            }
            trace.record(.recognised)
            return try await openInteraction(draft, person: person, hasJustSignedIn: false, browser, trace, now: now)
        }
    }

    /// Continues with the request that was sealed into the sign-in page, now that `person` has signed in for it. The fresh
    /// sign-in satisfies every demand on its age, so nobody signs in twice.
    func resume(
        _ text: String, arrival: RequestArrival, person: SignedIn, browser: Browser, trace: TraceWriter?
    ) async throws -> AuthorizeOutcome {
        let trace = trace ?? observer.newTrace(for: browser)
        let read = { ArrivedRequest.draft(try AuthorizationDraft(text, arrival: arrival)) }
        return try await answering(read, person, trace) { draft in
            try await openInteraction(
                draft, person: person, hasJustSignedIn: true, browser, trace, now: clock.now())
        }
    }

    private func signIn(
        _ draft: AuthorizationDraft, client: String?, person: SignedIn?, _ browser: Browser, _ now: Timestamp,
        requiredBy server: String? = nil
    ) throws -> NextPage {
        let waiting = InteractionSeal.Waiting.authorization(
            parameters: draft.text, arrival: draft.arrival, client: client, reference: browser.reference)
        let token = try seal.seal(waiting, for: browser, now: now)
        return .signIn(
            SignInPrompt(
                client: client, token: token, account: person?.user.name, hint: draft.loginHint, requiredBy: server))
    }

    private func openInteraction(
        _ draft: AuthorizationDraft, person: SignedIn, hasJustSignedIn: Bool, _ browser: Browser, _ trace: TraceWriter,
        now: Timestamp
    ) async throws -> NextPage {
        trace.assign(to: person.user.id)
        let client = try await clients.resolve(
            draft.asker.clientID, now: now, trace: trace, person: person.user.id, browser: browser)
        let request = try draft.checked(against: client, settings.clients)
        guard let redirect = request.redirect else { throw request.failure(Self.consentNeeded) }
        if let unmet = try await people.reachableContexts.refusal(of: request.body.authentication) {
            throw request.failure(unmet)
        }
        guard request.body.authentication.accepts(person.login.authentication.context) else {
            throw request.failure(Self.otherContext)
        }
        do throws(OAuthError) { try client.checkMayAuthorize() } catch { throw request.failure(error) }
        let found = try await store.read { [defaultResource = settings.defaultResource] transaction in
            try RequestedAccess.find(request.body, client: client, defaultResource: defaultResource, in: transaction)
        }
        let access = try found.mapError(request.failure).get()
        let login = person.login.id
        // Asked before the access rule, because the account there may be another one, which has access.
        guard try await store.read({ try RequiredProvider.isMet(by: login, at: access.resource.id, in: $0) }) else {
            return try signIn(draft, client: client.shown.signInName, person: nil, browser, now)
        }
        if let refusal = try await access.refusal(of: person.user, in: store, now: now) {
            // A sign-in may bring new groups. After one that did not, nothing but the page is left.
            if case .outdated = refusal.cause, !hasJustSignedIn {
                return try signIn(draft, client: client.shown.signInName, person: person, browser, now)
            }
            return .refused(
                try await keepOut(person.user, refusal, client, redirect, access.resource, draft, trace, now: now))
        }
        guard hasJustSignedIn || access.accepts(signIn: person.login.authentication, at: now) else {
            return try signIn(draft, client: client.shown.signInName, person: person, browser, now)
        }
        // An identity provider may answer a sign-in for this request from a session of its own, again and again. The approval demands a
        // new one of it.
        if !hasJustSignedIn, try await !access.meetsDemand(person, client.id, in: store, now: now) {
            return try signIn(
                draft, client: client.shown.signInName, person: person, browser, now, requiredBy: access.resource.name)
        }
        let pending = PendingAuthorization(
            request.body, client: client, redirect: redirect, access: access, draft: draft,
            signedIn: hasJustSignedIn ? person.login.authTime : nil)
        let interaction = Interaction(
            userID: person.user.id, browserLoginID: person.login.id, request: pending.text, createdAt: now,
            expiresAt: now + InteractionSeal.maximumAge)
        return .consent(try await open(interaction, of: draft, for: person, now: now), access)
    }

    private static let signInNeeded = OAuthError(
        .loginRequired, "The user has to sign in; send the request again without prompt=none.")
    private static let otherContext = OAuthError(
        .unmetAuthenticationRequirements, "The user signed in, but by none of the methods that acr_values names.")
    private static let consentNeeded = OAuthError(
        .consentRequired, "The user has to approve; send the request again without prompt=none.")
}

// MARK: From decisions to answers and traces

extension AuthorizeEndpoint {
    /// Runs `body` on the request that `read` returns, turns what it returns or throws into what the browser is shown, and records
    /// it.
    private func answering(
        _ read: () async throws -> ArrivedRequest, _ person: SignedIn?, _ trace: TraceWriter,
        _ body: (AuthorizationDraft) async throws -> NextPage
    ) async throws -> AuthorizeOutcome {
        let draft: AuthorizationDraft
        do {
            switch try await read() {
            case .draft(let arrived): draft = arrived
            case .again(let client, let interaction):
                trace.record(.arrived(client: client.string, redirectHost: nil))
                trace.record(.recognised)
                return .consent(interaction)
            }
        } catch {
            guard let error = error as? OAuthError else {
                trace.record(.failed)
                throw error
            }
            trace.record(.arrived(client: error.asker, redirectHost: nil))
            trace.record(.refused(error, .onPage))
            return .refused(.page(error))
        }
        trace.record(draft.arrivalStep)
        let outcome: AuthorizeOutcome
        do {
            outcome = try await self.outcome(of: draft, person, trace, body)
        } catch {
            trace.record(.failed)
            throw error
        }
        if case .refused(let refusal) = outcome { trace.record(.refused(refusal.error, refusal.destination)) }
        return outcome
    }

    private func outcome(
        of draft: AuthorizationDraft, _ person: SignedIn?, _ trace: TraceWriter,
        _ body: (AuthorizationDraft) async throws -> NextPage
    ) async throws -> AuthorizeOutcome {
        let asker = draft.asker.clientID.string
        do {
            switch try await body(draft) {
            case .signIn(let prompt):
                trace.record(.signInAsked)
                return .signIn(prompt)
            case .consent(let id, let access):
                trace.link(.interaction(id))
                trace.record(.consentAsked(server: access.resource.name, scopes: access.scope.count))
                return .consent(id)
            case .refused(let refusal): return .refused(refusal.asked(by: asker))
            }
        } catch let failure as AuthorizationFailure {
            return .refused(try await refusal(failure, draft, person, trace).asked(by: asker))
        } catch let error as OAuthError {
            return .refused(.page(error.asked(by: asker)))
        }
    }

    /// Records that an access rule keeps a user out. Only a client that this account approved before learns of it: any other could
    /// find out who has access.
    private func keepOut(
        _ user: User, _ refusal: NoAccess, _ client: Client, _ redirect: VerifiedRedirect, _ resource: Resource,
        _ draft: AuthorizationDraft, _ trace: TraceWriter, now: Timestamp
    ) async throws -> AuthorizeRefusal {
        try await refusals.record(
            refusal, of: user.id, client: client.id, resource: resource.id, in: store, now: now)
        guard try await store.read({ try $0.sessions.hasApproved(user: user.id, client: client.id) }) else {
            return .noAccess(refusal)
        }
        let response = AuthorizationResponse(
            to: redirect, error: refusal.error.referring(to: trace.reference), state: draft.state,
            issuer: settings.issuer)
        return .redirect(response.location, refusal.error)
    }

    private func refusal(
        _ failure: AuthorizationFailure, _ draft: AuthorizationDraft, _ person: SignedIn?, _ trace: TraceWriter
    ) async throws -> AuthorizeRefusal {
        guard case .redirect(let error, let redirect) = failure else { return .page(failure.error) }
        let location = AuthorizationResponse(
            to: redirect, error: error.referring(to: trace.reference), state: draft.state, issuer: settings.issuer
        ).location
        let id = draft.asker.clientID
        let isTrusted = try await store.read { transaction in
            if try transaction.clients.find(id) != nil { return true }
            return try person.map { try transaction.sessions.hasApproved(user: $0.user.id, client: id) } ?? false
        }
        return isTrusted ? .redirect(location, error) : .link(location, error)
    }
}

extension AuthorizationDraft {
    fileprivate var arrivalStep: AuthorizationStep {
        let redirect = asker.redirectURI.flatMap { try? RedirectURI($0) }
        return .arrived(client: asker.clientID.string, redirectHost: redirect?.place)
    }
}
