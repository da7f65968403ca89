package import JOSE
package import OAuth
package import Storage

/// A user who is signed in, in one browser.
package struct SignedIn: Sendable {
    /// The user's account.
    package let user: User
    /// The browser login of the request.
    package let login: BrowserLogin

    /// For how many seconds after a sign-in a user may do what an intruder at an open browser must not do.
    static let freshness: Int64 = 900

    /// Whether the sign-in is recent enough for such a step.
    func isFresh(at now: Timestamp) -> Bool { now.isWithin(Self.freshness, of: login.authTime) }
}

/// Signs users in, and recognises them by their browser login. Limits on attempts, equal work for unknown names, the count and
/// the log of failures, and the login are here, the same for every sign-in method.
package struct SignInService: Sendable {
    let store: Store
    /// Every sign-in method; the first that reads a form handles it.
    let methods: [any SignInMethod]
    let throttle = SignInThrottle()
    let monitor: SignInMonitor
    let clock: WallClock

    /// The lifetime of a browser login, in seconds.
    static let longest: Int64 = 43_200
    /// After how many failed attempts the audit record of a success mentions them.
    private static let suspicious = 5

    /// The authentication contexts of the sign-in methods.
    var contexts: [AuthenticationContext] {
        methods.map(\.context).reduce(into: []) { found, context in
            if !found.contains(context) { found.append(context) }
        }
    }

    /// Whether users sign in with passwords here.
    var acceptsPasswords: Bool { methods.contains { $0.kind == .password } }

    /// The user who is signed in in `browser`; nil for none.
    package func signedIn(_ browser: Browser, now: Timestamp) async throws -> SignedIn? {
        guard let digest = browser.signIn else { return nil }
        guard let found = try await store.read({ try $0.logins.find(digest: digest, now: now) }) else { return nil }
        if now - found.login.lastSeenAt >= 60 {
            try await store.write { try $0.logins.touch(browserLogin: found.login.id, now: now) }
        }
        return SignedIn(user: found.user, login: found.login)
    }

    /// The result of a sign-in.
    package enum SignInResult: Sendable {
        /// `cookie` is the new value of the sign-in cookie; the browser's earlier one is invalid from now on, against session
        /// fixation.
        case signedIn(SignedIn, cookie: Secret)
        case wrong
        /// Too many attempts; the seconds to wait.
        case wait(Int64)
    }

    /// The claim in the submitted form, by the method that reads it.
    func claim(in form: Parameters) throws(OAuthError) -> SignInClaim {
        for method in methods {
            if let claim = try method.claim(in: form) { return claim }
        }
        throw OAuthError(.invalidRequest, "The form holds no name and no proof.")
    }

    /// Signs the user in if the claim is proven. An unknown name costs as much as a wrong proof, and has the same result.
    func signIn(_ claim: SignInClaim, browser: Browser) async throws -> SignInResult {
        let (verdict, attempt) = try await check(claim, browser: browser, now: clock.now())
        switch verdict {
        case .wait(let seconds): return .wait(seconds)
        case .wrong: return .wrong
        case .proven(let proof): return try await open(proof, attempt: attempt, browser: browser)
        }
    }

    /// The result of checking a claim.
    enum ClaimVerdict: Sendable {
        case proven(Proof)
        case wrong
        /// Too many attempts; the seconds to wait.
        case wait(Int64)
    }

    /// Checks another proof of a signed-in user. Its attempts count together with those to sign in.
    func confirm(
        _ person: SignedIn, by claim: SignInClaim, browser: Browser, now: Timestamp
    ) async throws -> ClaimVerdict {
        let verdict = try await check(claim, browser: browser, now: now).verdict
        if case .proven(let proof) = verdict, proof.user.id != person.user.id { return .wrong }
        return verdict
    }

    /// Checks a claim within its limits. Which limits apply depends on the typed name, the network and the browser, and never on
    /// whether the account exists.
    private func check(
        _ claim: SignInClaim, browser: Browser, now: Timestamp
    ) async throws -> (verdict: ClaimVerdict, attempt: SignInMonitor.Attempt) {
        let account = try await store.read { [name = claim.name, kind = claim.method.kind] transaction in
            try transaction.credentials.account(named: name, provenBy: kind, binding: browser.binding)
        }
        let attempt = SignInMonitor.Attempt(claim, user: account?.user, browser: browser, now: now)
        let isKnown = account?.isKnownBrowser ?? false
        let budget: SignInThrottle.Claim =
            isKnown ? .known(claim.name, in: browser.binding) : .stranger(claim.name, from: attempt.network)
        if let seconds = throttle.admit(budget, now: now) {
            monitor.record(.throttled, of: attempt)
            return (.wait(seconds), attempt)
        }
        let admitted = AdmittedClaim(claim, of: account, from: attempt.network, now: now)
        switch await claim.method.prove(admitted) {
        case .busy:
            throttle.giveBack(budget, now: clock.now())
            monitor.record(.busy, of: attempt)
            return (.wait(1), attempt)
        case .proven(let proof) where proof.isAbout(admitted.account):
            throttle.succeed(budget, now: clock.now())
            return (.proven(proof), attempt)
        case .wrong, .proven:
            let isHeld = throttle.fail(budget, now: clock.now())
            monitor.record(
                account == nil ? .unknownAccount : admitted.account == nil ? .accountDisabled : .wrong, of: attempt)
            if isHeld, !isKnown { monitor.recordHold(attempt) }
            return (.wrong, attempt)
        }
    }

    private func open(
        _ proof: Proof, attempt: SignInMonitor.Attempt, browser: Browser
    ) async throws -> SignInResult {
        let (now, user) = (attempt.now, proof.user)
        let failures = monitor.failures(of: attempt.name, now: now)
        let entry = try await store.write { transaction -> Entry? in
            // The credential can be replaced, or the account disabled, while the proof is checked.
            guard try transaction.credentials.use(proof.credential, renewedAs: proof.renewed, now: now) else {
                return nil
            }
            return try enter(
                user, proof.authentication,
                reason: failures >= Self.suspicious ? "after \(failures) failed tries" : nil,
                browser: browser, in: transaction, now: now)
        }
        // The user signs in with the new credential a moment later.
        guard let entry else { return .wait(1) }
        monitor.forget(attempt.name)
        monitor.record(.success, of: attempt)
        return .signedIn(entry.person, cookie: entry.cookie)
    }

    /// A login that has just begun, and the new value of its cookie.
    struct Entry: Sendable {
        let person: SignedIn
        let cookie: Secret
    }

    /// Begins the login of an authenticated user, in place of the browser's earlier one. `origin` is the session at an identity
    /// provider that the user comes from; nil for a proof of this server's own.
    func enter(
        _ user: User, _ authentication: Authentication, from origin: UpstreamLogin? = nil, reason: String?,
        browser: Browser, in transaction: Transaction, now: Timestamp
    ) throws -> Entry {
        let cookie = Secret(Random.token())
        let entering = BrowserLogin(
            digest: .sha256(cookie.bytes), userID: user.id, binding: browser.binding, authentication: authentication,
            createdAt: now, lastSeenAt: now, expiresAt: now + Self.longest)
        let login = try transaction.logins.enter(entering, inPlaceOf: browser.signIn)
        // A login that is renewed here no longer ends with the session at the provider.
        try transaction.upstreamLogins.set(origin, of: login.id)
        try transaction.audit.append(
            AuditEntry(
                .personSignedIn, at: now, actor: .person(user.id), user: user.id, reason: reason, initiator: .human,
                address: browser.address))
        return Entry(person: SignedIn(user: user, login: login), cookie: cookie)
    }
}

/// A claim whose attempt is counted and within its limits. Only `SignInService` makes one, and methods check nothing else.
struct AdmittedClaim: Sendable {
    let claim: SignInClaim
    /// The account with its credential; nil for an unknown name or a disabled account.
    let account: ClaimedAccount?
    /// The party that takes a place in the queue of a costly check.
    let asker: PasswordHasher.Asker
    let now: Timestamp

    fileprivate init(_ claim: SignInClaim, of account: ClaimedAccount?, from network: ClientNetwork?, now: Timestamp) {
        self.claim = claim
        self.account = account.flatMap { $0.user.disabledAt == nil ? $0 : nil }
        asker = if let account, account.isKnownBrowser { .known(account.user.id) } else { .stranger(from: network) }
        self.now = now
    }
}

extension Proof {
    /// Whether the proof is about the claimed account, by a credential of that account.
    fileprivate func isAbout(_ account: ClaimedAccount?) -> Bool {
        user.id == account?.user.id && credential.userID == user.id
    }
}

extension Interaction {
    /// Whether the interaction waits for this user in this very browser login.
    func belongs(to person: SignedIn) -> Bool {
        userID == person.user.id && browserLoginID == person.login.id
    }
}

extension SignInMonitor.Attempt {
    /// An attempt in a browser.
    fileprivate init(_ claim: SignInClaim, user: User?, browser: Browser, now: Timestamp) {
        self.init(
            name: claim.name, method: claim.method.kind, user: user, network: ClientNetwork(address: browser.address),
            address: browser.address, reference: browser.reference, now: now)
    }
}
