package import JOSE
package import OAuth
package import Storage

/// A person who is signed in, in one browser.
package struct SignedIn: Sendable {
    /// The account in use.
    package let user: User
    /// The browser login it came from.
    package let session: BrowserSession

    /// How the person signed in: in the one way that there is.
    var context: AuthenticationContext { .password }

    /// Seconds after a sign-in in which a person may do what would hurt if somebody else did it.
    static let freshness: Int64 = 900

    /// Whether the sign-in is recent enough for that.
    func isFresh(at now: Timestamp) -> Bool { now.isWithin(Self.freshness, of: session.authTime) }
}

/// Signs people in and recognises them again.
package struct People: Sendable {
    let store: Store
    let desk: PasswordDesk
    let throttle: SignInThrottle
    let clock: WallClock

    /// Seconds of disuse, and seconds in all, after which a browser login is over.
    private static let idle: Int64 = 1800
    private static let longest: Int64 = 43_200

    /// The person signed in in `browser`, or nil.
    package func signedIn(_ browser: Browser, now: Timestamp) async throws -> SignedIn? {
        guard let digest = browser.signIn else { return nil }
        guard let found = try await store.read({ try $0.browserSession(digest: digest, now: now) }) else { return nil }
        if now - found.session.lastSeenAt >= 60 {
            try await store.write { try $0.touch(browserSession: found.session.id, now: now) }
        }
        return SignedIn(user: found.user, session: found.session)
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
        let (user, isKnown) = try await account(username, browser: browser)
        let usable = user.flatMap { $0.disabledAt == nil ? $0 : nil }
        let account = user?.id.string ?? "?" + username
        switch await check(password, of: usable, account: account, isKnown: isKnown, browser: browser, now: now) {
        case .wait(let seconds): return .wait(seconds)
        case .wrong: return .wrong
        case .right(let rehashed):
            guard let usable else { return .wrong }
            return try await open(usable, rehashed: rehashed, browser: browser, now: now)
        }
    }

    /// What a look at a password came to.
    enum PasswordVerdict: Sendable {
        case right(rehashed: PasswordHash?)
        case wrong
        /// Too many tries; the seconds to wait.
        case wait(Int64)
    }

    /// Checks the password of somebody who is signed in; tries are counted together with those to sign in.
    func prove(
        _ person: SignedIn, by password: Secret, browser: Browser, now: Timestamp
    ) async throws -> PasswordVerdict {
        let user = person.user
        let isKnown = try await store.read { try $0.hasSignedIn(user.id, binding: browser.binding) }
        return await check(
            password, of: user, account: user.id.string, isKnown: isKnown, browser: browser, now: now)
    }

    private func check(
        _ password: Secret, of user: User?, account: String, isKnown: Bool, browser: Browser, now: Timestamp
    ) async -> PasswordVerdict {
        let key = SignInThrottle.Key(account: account, knownBrowser: isKnown ? browser.binding.base64URL : nil)
        if let seconds = throttle.admit(key, now: now) { return .wait(seconds) }
        let asker = PasswordDesk.Asker(address: browser.address, isKnown: isKnown)
        switch await desk.check(password, against: user.flatMap { PasswordHash($0.passwordHash) }, for: asker) {
        case .busy:
            throttle.giveBack(key)
            return .wait(1)
        case .wrong: return .wrong
        case .right(let rehashed):
            throttle.forgive(key)
            return .right(rehashed: rehashed)
        }
    }

    private func account(_ username: String, browser: Browser) async throws -> (User?, isKnown: Bool) {
        guard username.utf8.count <= 256 else { return (nil, false) }
        return try await store.read { transaction in
            guard let user = try transaction.user(named: username) else { return (nil, false) }
            return (user, try transaction.hasSignedIn(user.id, binding: browser.binding))
        }
    }

    private func open(
        _ user: User, rehashed: PasswordHash?, browser: Browser, now: Timestamp
    ) async throws -> SignInVerdict {
        let cookie = Secret(Random.token())
        let session = BrowserSession(
            id: .random(), digest: .sha256(cookie.bytes), userID: user.id, binding: browser.binding, authTime: now,
            createdAt: now, lastSeenAt: now, expiresAt: now + Self.longest)
        let login = try await store.write { transaction -> BrowserSession? in
            // The password may have been changed, or the account locked, while somebody looked at the old one.
            let hash = rehashed?.string ?? user.passwordHash
            guard try transaction.replacePasswordHash(hash, insteadOf: user.passwordHash, of: user.id) else {
                return nil
            }
            let login = try transaction.enter(session, inPlaceOf: browser.signIn)
            try transaction.audit(
                AuditEntry(
                    .personSignedIn, at: now, actor: .person(user.id), user: user.id, initiator: .human,
                    address: browser.address))
            return login
        }
        // Whoever has the right one signs in a moment later.
        guard let login else { return .wait(1) }
        return .signedIn(SignedIn(user: user, session: login), cookie: cookie)
    }
}

extension Interaction {
    /// Whether this person, in this very browser login, is the one who was asked.
    func belongs(to person: SignedIn) -> Bool {
        userID == person.user.id && browserSessionID == person.session.id
    }
}
