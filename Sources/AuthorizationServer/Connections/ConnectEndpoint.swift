import JOSE
import Logging
package import OAuth
import Storage

/// Handles the callback of a provider. It accepts the same user, in the same browser login, from the same provider,
/// once; only then is the code redeemed and the elicitation finished.
package struct ConnectEndpoint: Sendable {
    let store: Store
    let people: SignInService
    let standing: StandingRule
    let client: ProviderClient
    let vault: ConnectionVault
    let wrongAccounts: WrongAccountLog
    let discardedTokens: DiscardedTokenRevocation
    let clock: WallClock
    let observer: Observer
    let log: Logger

    /// What the user sees after the callback.
    package enum View: Sendable {
        /// The elicitation has ended, by this callback or earlier.
        case ended(ElicitationEnd)
        /// The callback was not accepted, but the elicitation is still open and can be approved again.
        case retry(Problem)
        /// Another user's, another browser's, another provider's, or unknown: one answer for all.
        case notYours
    }

    /// Why a callback was not accepted.
    package enum Problem: Sendable {
        /// The attempt expired.
        case late
        /// The attempt was used already, perhaps by another window that is still waiting for the provider.
        case used
        /// Another issuer than the provider answered.
        case wrongIssuer
    }

    /// Handles a callback. One that does not fit spends nothing: an attacker must not be able to use up a user's
    /// attempt.
    package func handleCallback(_ provider: String, _ parameters: Parameters, browser: Browser) async throws -> View {
        let now = clock.now()
        let answer = try ProviderAnswer(parameters)
        guard let name = try? ProviderName(provider), let state = answer.state,
            let person = try await people.signedIn(browser, now: now)
        else { return .notYours }
        let admission = try await store.write { transaction in
            try admit(answer, to: state, at: name, person: person, browser: browser, in: transaction, now: now)
        }
        switch admission {
        case .refused(let elicitation):
            observer.observe(.wrongAccount)
            if let elicitation, elicitation.userID != person.user.id {
                wrongAccounts.record(
                    elicitation, openedBy: person.user.id,
                    reason: "came back from \(name) with another account than the one that was asked", now: now)
            }
            return .notYours
        case .settled(let view): return view
        case .redeem(let code, let callback):
            // A task of its own: a user who closes the window must not leave a spent code without a result.
            return try await Task { try await redeem(code, for: callback) }.value
        }
    }

    private enum Admission: Sendable {
        /// The callback does not fit; the elicitation, if its attempt exists.
        case refused(Elicitation?)
        case settled(View)
        case redeem(code: String, Callback)
    }

    /// A callback that fits its attempt, with what belongs to the attempt.
    private struct Callback: Sendable {
        let attempt: ConnectionAttempt
        let provider: Provider
        let elicitation: Elicitation
        let person: SignedIn
    }

    /// The order is policy: the owner is checked before everything else, and what the provider says counts only after
    /// the attempt is spent.
    private func admit(
        _ answer: ProviderAnswer, to state: Digest, at name: ProviderName, person: SignedIn, browser: Browser,
        in transaction: Transaction, now: Timestamp
    ) throws -> Admission {
        guard let attempt = try transaction.connectionAttempts.find(state), attempt.provider == name,
            let elicitation = try transaction.elicitations.find(attempt.elicitationID)
        else { return .refused(nil) }
        guard attempt.belongs(to: person, in: browser), elicitation.userID == person.user.id,
            let provider = try transaction.providers.find(name)
        else { return .refused(elicitation) }
        let current = try standing.settled(elicitation, in: transaction, now: now)
        guard current.status.isOpen else { return .settled(try ended(current, isJustNow: false, in: transaction)) }
        guard attempt.spentAt == nil else { return .settled(.retry(.used)) }
        guard try transaction.connectionAttempts.spend(attempt: state, now: now) else { return .settled(.retry(.late)) }
        guard answer.comesFrom(provider) else {
            log.notice(
                "a callback names another issuer than its provider", metadata: ["provider": "\(provider.name)"])
            return .settled(.retry(.wrongIssuer))
        }
        let callback = Callback(attempt: attempt, provider: provider, elicitation: current, person: person)
        switch answer.outcome {
        case .code(let code): return .redeem(code: code, callback)
        case .denied:
            return .settled(try finish(callback, as: .declined(by: person.user.id), in: transaction, now: now))
        case .failed(let failure):
            logFailure(failure, callback)
            return .settled(try finish(callback, as: .failed(failure.reason), in: transaction, now: now))
        }
    }

    private func redeem(_ code: String, for callback: Callback) async throws -> View {
        switch await grant(for: code, of: callback) {
        case .success(let grant):
            return try await commit(callback, unlessKept: DiscardedToken(grant.tokens)) { transaction, now in
                let connection = try connection(callback, grant, in: transaction, now: now)
                return try keep(connection, of: callback, in: transaction, now: now)
            }
        case .failure(let failure):
            logFailure(failure.cause, callback)
            return try await commit(callback, unlessKept: failure.token) { transaction, now in
                .discarded(try finish(callback, as: .failed(failure.cause.reason), in: transaction, now: now))
            }
        }
    }

    private func grant(for code: String, of callback: Callback) async -> Result<ProviderGrant, GrantFailure> {
        guard let proof = vault.proof(of: callback.attempt) else {
            return .failure(GrantFailure(.unavailable("the attempt was sealed with a key that was removed")))
        }
        let access: ProviderAccess
        do throws(ProviderFailure) {
            access = try vault.access(to: callback.provider)
        } catch {
            return .failure(GrantFailure(error))
        }
        do throws(GrantFailure) {
            return .success(try await client.redeem(code, at: access, proof: proof, now: clock.now()))
        } catch {
            return .failure(error)
        }
    }

    /// Whether the transaction kept the tokens of the grant.
    private enum GrantOutcome: Sendable {
        case kept(View)
        case discarded(View, ProviderFailure? = nil)
    }

    /// Commits the outcome. Unless the transaction keeps the token, the token is revoked at the provider, also when the
    /// transaction fails: nobody else knows the token, and the provider would honour it.
    private func commit(
        _ callback: Callback, unlessKept token: DiscardedToken?,
        _ write: @escaping @Sendable (Transaction, Timestamp) throws -> GrantOutcome
    ) async throws -> View {
        let now = clock.now()
        let outcome: GrantOutcome
        do {
            outcome = try await store.write { try write($0, now) }
        } catch {
            _ = await revoke(token, of: callback)
            throw error
        }
        switch outcome {
        case .kept(let view): return view
        case .discarded(let view, let failure):
            if let failure { logFailure(failure, callback) }
            let isRevoked = await revoke(token, of: callback)
            guard case .ended(var end) = view else { return view }
            end.isTokenRevoked = isRevoked
            return .ended(end)
        }
    }

    /// Whether the provider revoked the token; nil if there is no token.
    private func revoke(_ token: DiscardedToken?, of callback: Callback) async -> Bool? {
        guard let token else { return nil }
        return await discardedTokens.revoke(
            token, at: callback.provider, about: ["elicitation": "\(callback.elicitation.id)"])
    }

    private func connection(
        _ callback: Callback, _ grant: ProviderGrant, in transaction: Transaction, now: Timestamp
    ) throws -> Connection {
        let id = ConnectionID.random()
        return Connection(
            id: id, userID: callback.attempt.userID, resourceID: callback.elicitation.resourceID,
            provider: callback.provider.name, asked: callback.attempt.asked,
            scope: grant.scope ?? callback.attempt.asked,
            tokens: try vault.seal(grant.tokens, of: id, in: transaction), createdAt: now)
    }

    /// Keeps the connection, unless the elicitation, the session or the allowance ended while the provider was asked.
    private func keep(
        _ connection: Connection, of callback: Callback, in transaction: Transaction, now: Timestamp
    ) throws -> GrantOutcome {
        guard let elicitation = try transaction.elicitations.find(callback.elicitation.id) else {
            return .discarded(.notYours)
        }
        let current = try standing.settled(elicitation, in: transaction, now: now)
        guard current.status.isOpen else { return .discarded(try ended(current, isJustNow: false, in: transaction)) }
        // A provider that was removed and added again under this name is another one. The client secret does not count:
        // it may have been sealed again with a newer key.
        guard let provider = try transaction.providers.find(callback.provider.name),
            provider.with(clientSecret: nil) == callback.provider.with(clientSecret: nil),
            try ConnectionPolicy.allows(connection, in: transaction)
        else {
            return .discarded(try finish(callback, as: .failed(.notAllowed), in: transaction, now: now))
        }
        if let excess = try ConnectionPolicy.excess(
            of: connection.scope, at: connection.provider, for: connection.resourceID, in: transaction)
        {
            let failure = ProviderFailure.scopeExceeded(excess)
            return .discarded(try finish(callback, as: .failed(failure.reason), in: transaction, now: now), failure)
        }
        try transaction.connections.connect(connection)
        try transaction.audit.append(
            AuditEntry(
                .connectionMade, at: now, actor: .person(connection.userID), user: connection.userID,
                client: current.clientID, resource: connection.resourceID, session: current.sessionID,
                reason: "provider \(connection.provider)", initiator: .human, correlation: connection.id.string))
        let content = try vault.seal(ConnectionReceipt(connection), of: current.id, in: transaction)
        return .kept(
            try finish(
                callback,
                as: .completed(
                    by: connection.userID, authTime: callback.person.login.authTime, content: content),
                in: transaction, now: now))
    }

    /// Finishes the elicitation, or reports the end that it has meanwhile.
    private func finish(
        _ callback: Callback, as outcome: ElicitationOutcome, in transaction: Transaction, now: Timestamp
    ) throws -> View {
        if let finished = try transaction.elicitations.finish(callback.elicitation.id, as: outcome, now: now) {
            return try ended(finished, isJustNow: true, in: transaction)
        }
        guard let elicitation = try transaction.elicitations.find(callback.elicitation.id) else { return .notYours }
        return try ended(
            standing.settled(elicitation, in: transaction, now: now), isJustNow: false, in: transaction)
    }

    private func ended(_ elicitation: Elicitation, isJustNow: Bool, in transaction: Transaction) throws -> View {
        .ended(try ElicitationEnd(elicitation, isJustNow: isJustNow, in: transaction))
    }

    private func logFailure(_ failure: ProviderFailure, _ callback: Callback) {
        log.notice(
            "an account could not be connected",
            metadata: [
                "provider": "\(callback.provider.name)", "elicitation": "\(callback.elicitation.id)",
                "cause": "\(failure)",
            ])
    }
}

extension ConnectionAttempt {
    /// Whether this user began the attempt in this browser login and this browser.
    fileprivate func belongs(to person: SignedIn, in browser: Browser) -> Bool {
        userID == person.user.id && browserLoginID == person.login.id && binding == browser.binding
    }
}
