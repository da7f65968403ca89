package import JOSE
package import OAuth
package import Storage

/// A person who is signed in, in one browser.
package struct SignedIn: Sendable {
    /// The account in use.
    package let user: User
    /// The browser login it came from.
    package let login: BrowserLogin

    /// Seconds after a sign-in in which a person may do what would hurt if somebody else did it.
    static let freshness: Int64 = 900

    /// Whether the sign-in is recent enough for that.
    func isFresh(at now: Timestamp) -> Bool { now.isWithin(Self.freshness, of: login.authTime) }
}

/// Signs people in and recognises them again.
package struct People: Sendable {
    let store: Store
    let hasher: PasswordHasher
    let throttle: SignInThrottle
    let watch: SignInWatch
    let clock: WallClock

    /// Seconds of disuse, and seconds in all, after which a browser login is over.
    private static let idle: Int64 = 1800
    private static let longest: Int64 = 43_200
    /// So many failed tries before the right password are worth a word in the audit trail.
    private static let suspicious = 5

    /// The person signed in in `browser`, or nil.
    package func signedIn(_ browser: Browser, now: Timestamp) async throws -> SignedIn? {
        guard let digest = browser.signIn else { return nil }
        guard let found = try await store.read({ try $0.browserLogin(digest: digest, now: now) }) else { return nil }
        if now - found.login.lastSeenAt >= 60 {
            try await store.write { try $0.touch(browserLogin: found.login.id, now: now) }
        }
        return SignedIn(user: found.user, login: found.login)
    }

    /// What a try to sign in led to.
    package enum SignInVerdict: Sendable {
        /// The cookie's new value goes to this browser alone; any earlier one is worthless from now on.
        case signedIn(SignedIn, cookie: Secret)
        case wrong
        /// Too many tries; the seconds to wait.
        case wait(Int64)
    }

    /// Checks a name and a password. An unknown name costs and answers the same as a wrong password.
    package func signIn(username: String, password: Secret, browser: Browser) async throws -> SignInVerdict {
        let now = clock.now()
        let name = AccountName(username)
        let found = try await store.read { try $0.account(named: name, provenBy: .password, binding: browser.binding) }
        let attempt = SignInWatch.Attempt(name: name, user: found?.user, browser: browser, now: now)
        let isKnown = found?.isKnownBrowser ?? false
        switch await check(password, found?.credential, attempt, isKnown: isKnown, browser: browser) {
        case .wait(let seconds): return .wait(seconds)
        case .wrong: return .wrong
        case .right(let credential, let rehashed):
            guard let user = found?.user else { return .wrong }
            return try await open(user, credential, rehashed: rehashed, attempt: attempt, browser: browser)
        }
    }

    /// What a look at a password came to.
    enum PasswordVerdict: Sendable {
        case right(Credential, rehashed: PasswordHash?)
        case wrong
        /// Too many tries; the seconds to wait.
        case wait(Int64)
    }

    /// Checks the password of somebody who is signed in; tries are counted together with those to sign in.
    func prove(
        _ person: SignedIn, by password: Secret, browser: Browser, now: Timestamp
    ) async throws -> PasswordVerdict {
        let id = person.user.id
        let (isKnown, credential) = try await store.read { transaction in
            try (
                transaction.hasSignedIn(id, binding: browser.binding), transaction.credential(.password, of: id)
            )
        }
        let attempt = SignInWatch.Attempt(
            name: AccountName(person.user.name), user: person.user, browser: browser, now: now)
        return await check(password, credential, attempt, isKnown: isKnown, browser: browser)
    }

    /// Looks at a password within its budgets. Which ones count depends on the name that was typed, on the network and on the
    /// browser, and never on whether there is such an account.
    private func check(
        _ password: Secret, _ credential: Credential?, _ attempt: SignInWatch.Attempt, isKnown: Bool, browser: Browser
    ) async -> PasswordVerdict {
        let claim: SignInThrottle.Claim =
            isKnown ? .known(attempt.name, in: browser.binding) : .stranger(attempt.name, from: attempt.network)
        if let seconds = throttle.admit(claim, now: attempt.now) {
            watch.note(.throttled, of: attempt)
            return .wait(seconds)
        }
        let usable = attempt.user.flatMap { $0.disabledAt == nil ? $0 : nil }
        let asker: PasswordHasher.Asker =
            if isKnown, let user = attempt.user { .known(user.id) } else { .stranger(from: attempt.network) }
        switch await hasher.check(
            password, against: credential.flatMap { usable == nil ? nil : PasswordHash($0.data) }, for: asker)
        {
        case .busy:
            throttle.giveBack(claim, now: clock.now())
            watch.note(.busy, of: attempt)
            return .wait(1)
        case .wrong:
            let isHeld = throttle.fail(claim, now: clock.now())
            watch.note(
                attempt.user == nil ? .unknownAccount : usable == nil ? .accountDisabled : .wrongPassword, of: attempt)
            if isHeld, !isKnown { watch.noteHeld(attempt) }
            return .wrong
        case .right(let rehashed):
            throttle.succeed(claim, now: clock.now())
            return credential.map { .right($0, rehashed: rehashed) } ?? .wrong
        }
    }

    private func open(
        _ user: User, _ credential: Credential, rehashed: PasswordHash?, attempt: SignInWatch.Attempt, browser: Browser
    ) async throws -> SignInVerdict {
        let now = attempt.now
        let failures = watch.failures(of: attempt.name, now: now)
        let cookie = Secret(Random.token())
        let entering = BrowserLogin(
            digest: .sha256(cookie.bytes), userID: user.id, binding: browser.binding,
            authentication: Authentication(time: now, context: .password, methods: [.password]), createdAt: now,
            lastSeenAt: now, expiresAt: now + Self.longest)
        let login = try await store.write { transaction -> BrowserLogin? in
            // The password may have been changed, or the account locked, while somebody looked at the old one.
            guard try transaction.use(credential, renewedAs: rehashed?.string, now: now) else { return nil }
            let login = try transaction.enter(entering, inPlaceOf: browser.signIn)
            try transaction.audit(
                AuditEntry(
                    .personSignedIn, at: now, actor: .person(user.id), user: user.id,
                    reason: failures >= Self.suspicious ? "after \(failures) failed tries" : nil, initiator: .human,
                    address: browser.address))
            return login
        }
        // Whoever has the right one signs in a moment later.
        guard let login else { return .wait(1) }
        watch.forget(attempt.name)
        watch.note(.success, of: attempt)
        return .signedIn(SignedIn(user: user, login: login), cookie: cookie)
    }
}

extension Interaction {
    /// Whether this person, in this very browser login, is the one who was asked.
    func belongs(to person: SignedIn) -> Bool {
        userID == person.user.id && browserLoginID == person.login.id
    }
}

extension SignInWatch.Attempt {
    /// A try in a browser.
    fileprivate init(name: AccountName, user: User?, browser: Browser, now: Timestamp) {
        self.init(
            name: name, user: user, network: ClientNetwork(address: browser.address), address: browser.address,
            reference: browser.reference, now: now)
    }
}
