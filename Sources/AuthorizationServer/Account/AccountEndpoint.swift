package import JOSE
package import OAuth
import Storage

/// The page of one's own account: shows a person what may act in their name, and takes the steps that end it.
package struct AccountEndpoint: Sendable {
    let store: Store
    let keys: KeyRing
    let people: SignInService
    let passwords: PasswordSignIn
    let seal: InteractionSeal
    let revocation: ConnectionRevocation
    let clock: WallClock

    /// What the page shows now.
    package enum View: Sendable {
        /// Somebody has to sign in first.
        case signIn(token: String, notice: String?)
        case page(AccountOverview, notice: String?)
    }

    /// What a step led to.
    package enum Outcome: Sendable {
        /// Nobody is signed in any more; nothing was changed.
        case signIn(token: String)
        /// The sign-in is too long ago for this step; nothing was changed.
        case signInAgain(token: String, account: String)
        /// The step could not be taken; the page again, with the reason.
        case again(AccountOverview, AccountActionError)
        /// It is done. `user` is who may read of it: nobody is signed in after a sign-out.
        case done(AccountNotice, for: UserID?, cookie: CookieChange)
    }

    /// What becomes of the browser's sign-in cookie.
    package enum CookieChange: Sendable {
        case none
        case renewed(Secret)
        case cleared
    }

    /// Opens the page. Changes nothing.
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

    /// Takes a step. The order is policy: who asks, whether this browser was shown the page, what is wanted, and only then
    /// whether the sign-in is recent enough for it.
    package func act(_ form: Parameters, browser: Browser) async throws -> Outcome {
        let now = clock.now()
        let step = try AccountAction(form)
        let token = try form.value("token") ?? ""
        guard let person = try await people.signedIn(browser, now: now) else {
            return .signIn(token: try seal.seal(.account(isAgain: true), for: browser, now: now))
        }
        guard ConstantTime.equal(Array(token.utf8), Array(formToken(person).utf8)) else {
            return try await again(.stale, person, now)
        }
        guard let step else { return try await again(.noStep, person, now) }
        guard person.isFresh(at: now) || !step.wantsFreshSignIn else {
            return .signInAgain(
                token: try seal.seal(.account(isAgain: true), for: browser, now: now), account: person.user.name)
        }
        // A person who closes the window must not leave half of it undone.
        return try await Task { try await take(step, by: person, browser: browser, now: now) }.value
    }

    /// What the page says after the redirect: for two minutes, in this browser, to this person or, with none, to nobody who
    /// is signed in.
    package func seal(notice: String, for user: UserID?, in browser: Browser) throws -> String {
        try NoticeSeal(keys: keys).seal(notice, for: user, in: browser, now: clock.now())
    }

    private func take(
        _ step: AccountAction, by person: SignedIn, browser: Browser, now: Timestamp
    ) async throws -> Outcome {
        switch step {
        case .endSession(let id): try await endSession(id, of: person, now: now)
        case .endAllSessions: try await endSessions(of: person, now: now)
        case .endJob(let id): try await endJob(id, of: person, now: now)
        case .disconnect(let id): try await disconnect(id, of: person, now: now)
        case .changePassword(let change): try await changePassword(change, of: person, browser: browser, now: now)
        case .signOut: try await signOut(person, browser: browser, now: now)
        case .signOutEverywhere: try await signOutEverywhere(person, browser: browser, now: now)
        }
    }

    /// The first page again, with the reason why nothing was done.
    func again(_ problem: AccountActionError, _ person: SignedIn, _ now: Timestamp) async throws -> Outcome {
        .again(try await overview(of: person, at: AccountCursor(), now: now), problem)
    }

    /// What a form has to bring back: only this person, with this very cookie, was shown the page. The next sign-in makes a
    /// new cookie, even where it keeps the browser login.
    func formToken(_ person: SignedIn) -> String {
        Base64URL.encode(
            HMAC.sha256(
                key: keys.secret(.form).bytes, Array("account".utf8), person.login.digest.bytes,
                Array(person.user.id.string.utf8)))
    }
}
