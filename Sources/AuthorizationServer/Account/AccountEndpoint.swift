package import JOSE
package import OAuth
import Storage

/// The account page: shows a user's sessions, jobs, connections and requests, and performs the actions on them.
package struct AccountEndpoint: Sendable {
    let store: Store
    let keys: KeyRing
    let people: SignInService
    let passwords: PasswordSignIn
    let seal: InteractionSeal
    let revocation: ConnectionRevocation
    let clock: WallClock

    /// The content of the account page.
    package enum View: Sendable {
        /// The user has to sign in first.
        case signIn(token: String, notice: String?)
        case page(AccountOverview, notice: String?)
    }

    /// The outcome of an action.
    package enum Outcome: Sendable {
        /// The user is signed out; nothing changed.
        case signIn(token: String)
        /// The sign-in is not recent enough for the action; nothing changed.
        case signInAgain(token: String, account: String)
        /// The action was refused; the page shows the reason.
        case refused(AccountOverview, AccountActionError)
        /// The user is signed out here, and can sign out at the identity provider too.
        case signedOut(AccountNotice, ProviderSignOut)
        /// The action is done. Only `user` may read the notice; nil after a sign-out, when no user is signed in.
        case done(AccountNotice, for: UserID?, cookie: CookieChange)
    }

    /// The change to the sign-in cookie of the browser.
    package enum CookieChange: Sendable {
        case none
        case renewed(Secret)
        case cleared
    }

    /// The content of the page. Changes nothing.
    package func show(_ place: AccountCursor, browser: Browser) async throws -> View {
        let now = clock.now()
        let notices = NoticeSeal(keys: keys)
        guard let person = try await people.signedIn(browser, now: now) else {
            return .signIn(
                token: try seal.seal(.account(isAgain: false), for: browser, now: now),
                notice: notices.open(place.notice, for: nil, in: browser, now: now))
        }
        return .page(
            try await overview(of: person, at: place, now: now),
            notice: notices.open(place.notice, for: person.user.id, in: browser, now: now))
    }

    /// Performs the action of a form.
    ///
    /// The order of the checks is policy: the user, the form token, the action, and only then whether the sign-in is recent.
    package func act(_ form: Parameters, browser: Browser) async throws -> Outcome {
        let now = clock.now()
        let action = try AccountAction(form)
        let token = try form.value("token") ?? ""
        guard let person = try await people.signedIn(browser, now: now) else {
            return .signIn(token: try seal.seal(.account(isAgain: true), for: browser, now: now))
        }
        guard ConstantTime.equal(Array(token.utf8), Array(formToken(person).utf8)) else {
            return try await refused(.stale, person, now)
        }
        guard let action else { return try await refused(.unknownAction, person, now) }
        guard person.isFresh(at: now) || !action.requiresRecentSignIn else {
            return .signInAgain(
                token: try seal.seal(.account(isAgain: true), for: browser, now: now), account: person.user.name)
        }
        // The detached task finishes even if the user closes the window, so that no action stops halfway.
        return try await Task { try await perform(action, by: person, browser: browser, now: now) }.value
    }

    /// Seals a notice for the URL of the redirect after an action. It opens for two minutes, in this browser, and for this user; nil
    /// means a browser without a signed-in user.
    package func seal(notice: String, for user: UserID?, in browser: Browser) throws -> String {
        try NoticeSeal(keys: keys).seal(notice, for: user, in: browser, now: clock.now())
    }

    private func perform(
        _ action: AccountAction, by person: SignedIn, browser: Browser, now: Timestamp
    ) async throws -> Outcome {
        switch action {
        case .endSession(let id): try await endSession(id, of: person, now: now)
        case .endAllSessions: try await endSessions(of: person, now: now)
        case .endJob(let id): try await endJob(id, of: person, now: now)
        case .disconnect(let id): try await disconnect(id, of: person, now: now)
        case .changePassword(let change): try await changePassword(change, of: person, browser: browser, now: now)
        case .signOut: try await signOut(person, browser: browser, now: now)
        case .signOutEverywhere: try await signOutEverywhere(person, browser: browser, now: now)
        }
    }

    /// The outcome for a refused action: the first page with the reason.
    func refused(_ problem: AccountActionError, _ person: SignedIn, _ now: Timestamp) async throws -> Outcome {
        .refused(try await overview(of: person, at: AccountCursor(), now: now), problem)
    }

    /// The token that each form must return, which prevents cross-site request forgery.
    ///
    /// It is bound to the user and to the sign-in cookie. Each sign-in sets a new cookie and so invalidates older pages.
    func formToken(_ person: SignedIn) -> String {
        Base64URL.encode(
            HMAC.sha256(
                key: keys.secret(.form).bytes, Array("account".utf8), person.login.digest.bytes,
                Array(person.user.id.string.utf8)))
    }
}

extension AccountEndpoint {
    func endSession(_ id: SessionID?, of person: SignedIn, now: Timestamp) async throws -> Outcome {
        let user = person.user.id
        let notice = try await store.write { transaction -> AccountNotice? in
            guard let id, let session = try transaction.sessions.find(id), session.userID == user else { return nil }
            let server = try transaction.resources.find(id: session.resourceID)?.name ?? ""
            return try transaction.sessions.end(id, SessionEnding(by: user, at: now))
                ? .sessionEnded(client: session.clientName, server: server)
                : .sessionAlreadyEnded(client: session.clientName, server: server)
        }
        guard let notice else { return try await refused(.unknown, person, now) }
        return .done(notice, for: user, cookie: .none)
    }

    func endSessions(of person: SignedIn, now: Timestamp) async throws -> Outcome {
        let user = person.user.id
        let ended = try await store.endSessions(SessionFilter(user: user), SessionEnding(by: user, at: now))
        return .done(.sessionsEnded(ended.count), for: user, cookie: .none)
    }

    /// Cancels a job. A job that has ended is answered like one that does not exist, because the page no longer lists it.
    func endJob(_ id: JobID?, of person: SignedIn, now: Timestamp) async throws -> Outcome {
        let user = person.user.id
        let server = try await store.write { transaction -> String? in
            guard let id, let job = try transaction.jobs.find(id), job.userID == user,
                try transaction.jobs.end(id, .byPerson(user), now: now)?.endReason == .person
            else { return nil }
            return try transaction.resources.find(id: job.resourceID)?.name ?? ""
        }
        guard let server else { return try await refused(.unknown, person, now) }
        return .done(.jobEnded(server: server), for: user, cookie: .none)
    }

    func disconnect(_ id: ConnectionID?, of person: SignedIn, now: Timestamp) async throws -> Outcome {
        let user = person.user.id
        guard let id else { return try await refused(.unknown, person, now) }
        let outcome = try await revocation.end(
            id, of: user, reason: .revokedByPerson, actor: .person(user), now: now)
        switch outcome {
        case .notFound: return try await refused(.unknown, person, now)
        case .alreadyEnded(let connection):
            return .done(
                .alreadyDisconnected(provider: connection.provider.string, server: try await server(connection)),
                for: user, cookie: .none)
        case .ended(let connection, let reply):
            return .done(
                .disconnected(provider: connection.provider.string, server: try await server(connection), reply),
                for: user, cookie: .none)
        }
    }

    func signOut(_ person: SignedIn, browser: Browser, now: Timestamp) async throws -> Outcome {
        let provider = try await store.write { transaction -> ProviderSignOut? in
            let provider = try ProviderSignOut(of: person.login.id, in: transaction)
            guard try transaction.logins.end(person.login.id) else { return nil }
            try transaction.audit.append(AuditEntry(signOutOf: person, from: browser, at: now))
            return provider
        }
        return signedOut(.signedOut, provider)
    }

    func signOutEverywhere(_ person: SignedIn, browser: Browser, now: Timestamp) async throws -> Outcome {
        let provider = try await store.write { transaction -> ProviderSignOut? in
            let provider = try ProviderSignOut(of: person.login.id, in: transaction)
            guard try transaction.logins.endAll(of: person.user.id) > 0 else { return nil }
            try transaction.audit.append(AuditEntry(signOutOf: person, from: browser, at: now, reason: "every browser"))
            return provider
        }
        return signedOut(.signedOutEverywhere, provider)
    }

    private func signedOut(_ notice: AccountNotice, _ provider: ProviderSignOut?) -> Outcome {
        provider.map { Outcome.signedOut(notice, $0) } ?? .done(notice, for: nil, cookie: .cleared)
    }

    private func server(_ connection: Connection) async throws -> String {
        try await store.read { try $0.resources.find(id: connection.resourceID)?.name } ?? ""
    }
}

extension SessionEnding {
    /// The end of a session by its user.
    init(by user: UserID, at now: Timestamp) {
        self.init(reason: .revokedByPerson, initiator: .user, actor: .person(user), at: now)
    }
}

extension AuditEntry {
    /// The audit record of a sign-out.
    fileprivate init(signOutOf person: SignedIn, from browser: Browser, at now: Timestamp, reason: String? = nil) {
        self.init(
            .personSignedOut, at: now, actor: .person(person.user.id), user: person.user.id, reason: reason,
            initiator: .human, address: browser.address)
    }
}
