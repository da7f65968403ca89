import JOSE
package import OAuth
import Storage

extension UpstreamSignIn {
    /// A callback that fits its attempt, with what belongs to the attempt.
    private struct Callback: Sendable {
        let attempt: SignInAttempt
        let provider: IdentityProvider
        let proof: UpstreamProof
        let browser: Browser
    }

    private enum Admission: Sendable {
        /// The callback fits no attempt of this browser.
        case foreign
        case refused(UpstreamProblem, Callback)
        case redeem(code: String, Callback)
    }

    /// Handles a callback. One that does not fit spends nothing: an attacker must not be able to use up a user's attempt.
    ///
    /// Spec: OpenID Connect Core §3.1.2.5
    package func finish(_ provider: String, _ query: Parameters, browser: Browser) async throws -> Outcome {
        let now = clock.now()
        let answer = try ProviderAnswer(query)
        guard let name = try? ProviderName(provider), let state = answer.state else { return .notYours }
        let admission = try await store.write { transaction in
            try admit(answer, to: state, at: name, browser: browser, in: transaction, now: now)
        }
        switch admission {
        case .foreign: return .notYours
        case .refused(let problem, let callback): return try await refuse(callback, problem)
        case .redeem(let code, let callback):
            // A task of its own: a user who closes the window must not leave a spent code without a result.
            return try await Task { try await redeem(code, for: callback) }.value
        }
    }

    /// The order is policy: the browser is checked before everything else, and what the provider says counts only after the
    /// attempt is spent.
    private func admit(
        _ answer: ProviderAnswer, to state: Digest, at name: ProviderName, browser: Browser,
        in transaction: Transaction, now: Timestamp
    ) throws -> Admission {
        guard let attempt = try transaction.signInAttempts.find(state), attempt.provider == name,
            attempt.binding == browser.binding, let provider = try transaction.identityProviders.find(name),
            let proof = vault.proof(of: attempt)
        else { return .foreign }
        let callback = Callback(attempt: attempt, provider: provider, proof: proof, browser: browser)
        guard attempt.spentAt == nil else { return .refused(.used, callback) }
        guard try transaction.signInAttempts.spend(state, now: now) else { return .refused(.late, callback) }
        // Another provider could otherwise inject its own code (mix-up attack).
        guard answer.comesFrom(provider.registration) else { return .refused(.wrongIssuer, callback) }
        return switch answer.outcome {
        case .code(let code): .redeem(code: code, callback)
        case .denied: .refused(.denied, callback)
        case .failed(let failure): .refused(UpstreamProblem(failure), callback)
        }
    }

    private func redeem(_ code: String, for callback: Callback) async throws -> Outcome {
        let said: UpstreamAccount.Answer
        do throws(UpstreamProblem) {
            let (claims, renewal) = try await self.claims(for: code, of: callback)
            guard
                callback.proof.demand.isMet(
                    by: claims.authTime, begunAt: callback.attempt.createdAt, now: clock.now())
            else { throw .notRecent }
            said = UpstreamAccount.Answer(
                claims: claims, groups: try UpstreamAdmission.groups(of: claims, at: callback.provider),
                renewal: renewal)
        } catch {
            return try await refuse(callback, error)
        }
        guard callback.attempt.browserLoginID == nil else { return try await link(said, callback) }
        return try await enter(said, callback)
    }

    /// The claims of the ID token that the provider gives for the code, and its refresh token where groups are renewed.
    ///
    /// Spec: OpenID Connect Core §3.1.3
    private func claims(
        for code: String, of callback: Callback
    ) async throws(UpstreamProblem) -> (IDTokenClaims, RenewalToken?) {
        let provider = callback.provider
        let grant: ProviderGrant
        do throws(ProviderFailure) {
            let access = try vault.access(to: provider, now: clock.now())
            do throws(GrantFailure) {
                grant = try await client.redeem(code, at: access, proof: callback.proof.connection, now: clock.now())
            } catch {
                throw error.cause
            }
        } catch {
            throw UpstreamProblem(error)
        }
        guard let idToken = grant.idToken, let nonce = callback.proof.connection.nonce else {
            throw .unusable(cause: "the answer has no ID token")
        }
        let rule = IDTokenRule(
            issuer: provider.issuer, client: provider.registration.clientID, nonce: nonce,
            accessToken: grant.tokens.access)
        let (token, keys) = try await signed(idToken.reveal(), by: provider)
        do throws(OpenIDTokenFault) {
            let refresh = provider.settings.refreshesGroups ? grant.tokens.refresh : nil
            return (
                try token.idToken(by: keys, rule, now: clock.now()),
                refresh.map { RenewalToken(refresh: Secret($0), nonce: nonce) }
            )
        } catch {
            throw .unusable(cause: error.description)
        }
    }

    /// A token of a provider, with the provider's keys that may have signed it.
    func signed(
        _ compact: String, by provider: IdentityProvider
    ) async throws(UpstreamProblem) -> (OpenIDToken, VerificationKeySet) {
        let token: OpenIDToken
        do throws(OpenIDTokenFault) {
            token = try OpenIDToken(compact)
        } catch {
            throw .unusable(cause: error.description)
        }
        do {
            let keys = try await keySets.keys(
                kid: token.kid, algorithm: token.algorithm, .url(provider.keysURL),
                from: provider.areKeysForeign ? .metadata : .administrator, now: clock.now())
            return (token, keys)
        } catch let error as OAuthError where error.code == .temporarilyUnavailable {
            throw .unavailable(cause: "its keys cannot be fetched")
        } catch {
            throw .unusable(cause: "its keys cannot be used")
        }
    }

    /// Signs the user in, and goes on with the request that waits.
    private func enter(_ said: UpstreamAccount.Answer, _ callback: Callback) async throws -> Outcome {
        let browser = callback.browser
        let waiting: InteractionSeal.Waiting
        switch page.seal.open(callback.proof.page, for: browser, now: clock.now()) {
        // The attempt itself is bound to the browser and lives for ten minutes.
        case .current(let request), .outdated(let request, _): waiting = request
        case .expired(let request):
            return .page(try await page.expire(request, browser, page.trace(of: request, browser)))
        case .invalid: return .notYours
        }
        let trace = page.trace(of: waiting, browser)
        let now = clock.now()
        let entry = try await store.write { [people] transaction -> Result<SignInService.Entry, UpstreamProblem> in
            guard try isUnchanged(callback.provider, in: transaction) else { return .failure(.removed) }
            let account = UpstreamAccount(
                provider: callback.provider, said: said, standing: standing, vault: vault, transaction: transaction,
                now: now)
            let claims = said.claims
            let user = try callback.proof.link.map {
                try InvitedAccount(account: account, link: $0, browser: browser).user()
            }
            switch try user ?? account.user() {
            case .failure(let problem): return .failure(problem)
            case .success(let user):
                let origin = UpstreamLogin(
                    provider: callback.provider.name, issuer: claims.issuer, subject: claims.subject,
                    sessionID: claims.sessionID)
                if let session = claims.sessionID, callback.provider.settings.logout == .sessions {
                    try transaction.upstreamSessions.remember(session, at: claims.issuer, of: user.id, now: now)
                }
                return .success(
                    try people.enter(
                        user, UpstreamAdmission.authentication(of: claims, at: callback.provider, now: now),
                        from: origin,
                        reason: "identity provider \(callback.provider.name)", browser: browser, in: transaction,
                        now: now))
            }
        }
        switch entry {
        case .failure(let problem): return try await refuse(callback, problem)
        case .success(let entry):
            page.authorize.observer.observe(.signIn(.openID, .success))
            trace?.record(.signedIn)
            let next = try await page.resume(waiting, entry.person, browser, trace)
            return .page(.signedIn(cookie: entry.cookie, next: next))
        }
    }

    /// Links the account to the user who began, who is still signed in by the same login.
    private func link(_ said: UpstreamAccount.Answer, _ callback: Callback) async throws -> Outcome {
        let now = clock.now()
        guard let person = try await people.signedIn(callback.browser, now: now),
            person.login.id == callback.attempt.browserLoginID
        else { return .notYours }
        let problem = try await store.write { transaction -> UpstreamProblem? in
            guard try isUnchanged(callback.provider, in: transaction) else { return .removed }
            return try UpstreamAccount(
                provider: callback.provider, said: said, standing: standing, vault: vault, transaction: transaction,
                now: now
            ).link(to: person.user)
        }
        if let problem { note(problem, callback) }
        return .linked(person.user.id, callback.provider.name, problem)
    }

    /// Whether the provider is still registered as it was. One that was changed, or removed and added again under this name, is
    /// another one.
    private func isUnchanged(_ provider: IdentityProvider, in transaction: Transaction) throws -> Bool {
        try transaction.identityProviders.find(provider.name)?.isSame(as: provider) ?? false
    }

    /// The page again, on which the user tries once more or chooses another way.
    private func refuse(_ callback: Callback, _ problem: UpstreamProblem) async throws -> Outcome {
        note(problem, callback)
        let (browser, now) = (callback.browser, clock.now())
        if callback.attempt.browserLoginID != nil {
            guard let person = try await people.signedIn(browser, now: now) else { return .notYours }
            return .linked(person.user.id, callback.provider.name, problem)
        }
        guard callback.proof.link == nil else { return .notTaken(problem, at: callback.provider.name) }
        switch page.seal.open(callback.proof.page, for: browser, now: now) {
        case .current(let waiting):
            page.trace(of: waiting, browser)?.record(.signInRefused)
            return .refused(problem, at: callback.provider.name, waiting.prompt, token: callback.proof.page)
        case .outdated(let waiting, let since):
            let token = try page.seal.seal(waiting, for: browser, since: since, now: now)
            return .refused(problem, at: callback.provider.name, waiting.prompt, token: token)
        case .expired(let waiting):
            return .page(try await page.expire(waiting, browser, page.trace(of: waiting, browser)))
        case .invalid: return .notYours
        }
    }

    private func note(_ problem: UpstreamProblem, _ callback: Callback) {
        page.authorize.observer.observe(.signIn(.openID, .wrong))
        lines.note(
            "sign-in failed",
            [
                "method": CredentialKind.openID.rawValue, "provider": callback.provider.name.string,
                "outcome": problem.word, "cause": problem.cause,
                "network": ClientNetwork(address: callback.browser.address)?.description,
            ], reference: callback.browser.reference)
    }
}
