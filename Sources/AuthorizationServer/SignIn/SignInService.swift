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

/// Signs people in and recognises them again. Whatever the method of a sign-in, its budgets, its equal work for unknown names,
/// the count and the log of failures and the login that follows are here.
package struct SignInService: Sendable {
    let store: Store
    /// Every way to sign in; the first that reads a form has it.
    let methods: [any SignInMethod]
    let throttle = SignInThrottle()
    let watch: SignInMonitor
    let clock: WallClock

    /// Seconds in all after which a browser login is over.
    private static let longest: Int64 = 43_200
    /// So many failed tries before the right proof are worth a word in the audit trail.
    private static let suspicious = 5

    /// What a sign-in here can come to: `acr_values_supported`.
    var contexts: [AuthenticationContext] {
        methods.map(\.context).reduce(into: []) { found, context in
            if !found.contains(context) { found.append(context) }
        }
    }

    /// The person signed in in `browser`, or nil.
    package func signedIn(_ browser: Browser, now: Timestamp) async throws -> SignedIn? {
        guard let digest = browser.signIn else { return nil }
        guard let found = try await store.read({ try $0.logins.find(digest: digest, now: now) }) else { return nil }
        if now - found.login.lastSeenAt >= 60 {
            try await store.write { try $0.logins.touch(browserLogin: found.login.id, now: now) }
        }
        return SignedIn(user: found.user, login: found.login)
    }

    /// What a try to sign in led to.
    package enum SignInResult: Sendable {
        /// The cookie's new value goes to this browser alone; any earlier one is worthless from now on.
        case signedIn(SignedIn, cookie: Secret)
        case wrong
        /// Too many tries; the seconds to wait.
        case wait(Int64)
    }

    /// What the sign-in page submitted, by the method that reads it.
    func claim(in form: Parameters) throws(OAuthError) -> SignInClaim {
        for method in methods {
            if let claim = try method.claim(in: form) { return claim }
        }
        throw OAuthError(.invalidRequest, "The sign-in page sent nothing to sign in with.")
    }

    /// Signs in whoever proves the claim. An unknown name costs and answers the same as a wrong proof.
    func signIn(_ claim: SignInClaim, browser: Browser) async throws -> SignInResult {
        let (verdict, attempt) = try await examine(claim, browser: browser, now: clock.now())
        switch verdict {
        case .wait(let seconds): return .wait(seconds)
        case .wrong: return .wrong
        case .proven(let proof): return try await open(proof, attempt: attempt, browser: browser)
        }
    }

    /// What the examination of a claim came to.
    enum ClaimVerdict: Sendable {
        case proven(Proof)
        case wrong
        /// Too many tries; the seconds to wait.
        case wait(Int64)
    }

    /// Has somebody who is signed in prove it once more; tries are counted together with those to sign in.
    func confirm(
        _ person: SignedIn, by claim: SignInClaim, browser: Browser, now: Timestamp
    ) async throws -> ClaimVerdict {
        let verdict = try await examine(claim, browser: browser, now: now).verdict
        if case .proven(let proof) = verdict, proof.user.id != person.user.id { return .wrong }
        return verdict
    }

    /// Examines a claim within its budgets. Which ones count depends on the name that was typed, on the network and on the
    /// browser, and never on whether there is such an account.
    private func examine(
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
            watch.note(.throttled, of: attempt)
            return (.wait(seconds), attempt)
        }
        let admitted = AdmittedClaim(claim, of: account, from: attempt.network, now: now)
        switch await claim.method.prove(admitted) {
        case .busy:
            throttle.giveBack(budget, now: clock.now())
            watch.note(.busy, of: attempt)
            return (.wait(1), attempt)
        case .proven(let proof) where proof.isAbout(admitted.account):
            throttle.succeed(budget, now: clock.now())
            return (.proven(proof), attempt)
        case .wrong, .proven:
            let isHeld = throttle.fail(budget, now: clock.now())
            watch.note(
                account == nil ? .unknownAccount : admitted.account == nil ? .accountDisabled : .wrong, of: attempt)
            if isHeld, !isKnown { watch.noteHeld(attempt) }
            return (.wrong, attempt)
        }
    }

    private func open(
        _ proof: Proof, attempt: SignInMonitor.Attempt, browser: Browser
    ) async throws -> SignInResult {
        let (now, user) = (attempt.now, proof.user)
        let failures = watch.failures(of: attempt.name, now: now)
        let cookie = Secret(Random.token())
        let entering = BrowserLogin(
            digest: .sha256(cookie.bytes), userID: user.id, binding: browser.binding,
            authentication: proof.authentication, createdAt: now, lastSeenAt: now, expiresAt: now + Self.longest)
        let login = try await store.write { transaction -> BrowserLogin? in
            // The credential may have been replaced, or the account disabled, while the proof was checked.
            guard try transaction.credentials.use(proof.credential, renewedAs: proof.renewed, now: now) else {
                return nil
            }
            let login = try transaction.logins.enter(entering, inPlaceOf: browser.signIn)
            try transaction.audit.append(
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

/// A claim whose try is counted and within its budgets: only `SignInService` makes one, and no method looks at anything else.
struct AdmittedClaim: Sendable {
    let claim: SignInClaim
    /// The account with its credential; nil where there is none, or it is disabled.
    let account: ClaimedAccount?
    /// Who competes with others for places where a check is dear.
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
    /// Whether it proves the very account that was claimed, by a credential of that account.
    fileprivate func isAbout(_ account: ClaimedAccount?) -> Bool {
        user.id == account?.user.id && credential.userID == user.id
    }
}

extension Interaction {
    /// Whether this person, in this very browser login, is the one who was asked.
    func belongs(to person: SignedIn) -> Bool {
        userID == person.user.id && browserLoginID == person.login.id
    }
}

extension SignInMonitor.Attempt {
    /// A try in a browser.
    fileprivate init(_ claim: SignInClaim, user: User?, browser: Browser, now: Timestamp) {
        self.init(
            name: claim.name, method: claim.method.kind, user: user, network: ClientNetwork(address: browser.address),
            address: browser.address, reference: browser.reference, now: now)
    }
}
