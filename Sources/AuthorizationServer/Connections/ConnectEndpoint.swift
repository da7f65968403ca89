import JOSE
import Logging
package import OAuth
import Storage

/// Takes people back from a provider: the same person, in the same browser login, at the same provider, once. Only then is
/// the code redeemed, and the elicitation ends with what came of it.
package struct ConnectEndpoint: Sendable {
    let store: Store
    let people: SignInService
    let standing: StandingRule
    let client: ProviderClient
    let vault: ConnectionVault
    let misdirections: WrongAccountLog
    let unkept: DiscardedTokenRevocation
    let clock: WallClock
    let observer: Observer
    let log: Logger

    /// What the person sees after coming back.
    package enum View: Sendable {
        /// It is over: just now, or it was before.
        case over(ElicitationEnd)
        /// This way back leads nowhere, but the request is open still: it can be answered again on its page.
        case again(Problem)
        /// Another person's, another browser's, another provider's, or unknown: one answer for all.
        case notYours
    }

    /// Why a way back leads nowhere.
    package enum Problem: Sendable {
        /// It took too long.
        case late
        /// It was used before, perhaps in another window that is at it now.
        case used
        /// Another server than the provider answered.
        case wrongIssuer
    }

    /// Answers the callback of a provider. What does not fit spends nothing.
    package func answer(_ provider: String, _ parameters: Parameters, browser: Browser) async throws -> View {
        let now = clock.now()
        let answer = try ProviderAnswer(parameters)
        guard let name = try? ProviderName(provider), let state = answer.state,
            let person = try await people.signedIn(browser, now: now)
        else { return .notYours }
        let admission = try await store.write { transaction in
            try admit(answer, to: state, at: name, person: person, browser: browser, in: transaction, now: now)
        }
        switch admission {
        case .turnedAway(let asked):
            observer.observe(.wrongAccount)
            if let asked, asked.userID != person.user.id {
                misdirections.note(
                    asked, to: person.user.id,
                    reason: "came back from \(name) with another account than the one that was asked", now: now)
            }
            return .notYours
        case .settled(let view): return view
        case .redeem(let code, let journey):
            // A person who closes the window must not leave a spent code and no answer behind.
            return try await Task { try await finish(journey, code: code) }.value
        }
    }

    private enum Admission: Sendable {
        /// From this one, if there is any that the way back belongs to.
        case turnedAway(Elicitation?)
        case settled(View)
        case redeem(code: String, Journey)
    }

    /// A person on the way back, admitted and not to be admitted again.
    private struct Journey: Sendable {
        let attempt: ConnectionAttempt
        let provider: Provider
        let asked: Elicitation
        let person: SignedIn
    }

    /// The order is policy: whose it is comes before everything, what it says only after the attempt is spent.
    private func admit(
        _ answer: ProviderAnswer, to state: Digest, at name: ProviderName, person: SignedIn, browser: Browser,
        in transaction: Transaction, now: Timestamp
    ) throws -> Admission {
        guard let attempt = try transaction.connectionAttempts.find(state), attempt.provider == name,
            let asked = try transaction.elicitations.find(attempt.elicitationID)
        else { return .turnedAway(nil) }
        guard attempt.isOf(person, in: browser), asked.userID == person.user.id,
            let provider = try transaction.providers.find(name)
        else { return .turnedAway(asked) }
        let settled = try standing.settled(asked, in: transaction, now: now)
        guard settled.status.isOpen else { return .settled(try over(settled, isJustNow: false, in: transaction)) }
        guard attempt.spentAt == nil else { return .settled(.again(.used)) }
        guard try transaction.connectionAttempts.spend(attempt: state, now: now) else { return .settled(.again(.late)) }
        guard answer.comesFrom(provider) else {
            log.notice(
                "a callback names another issuer than its provider", metadata: ["provider": "\(provider.name)"])
            return .settled(.again(.wrongIssuer))
        }
        let journey = Journey(attempt: attempt, provider: provider, asked: settled, person: person)
        switch answer.outcome {
        case .code(let code): return .redeem(code: code, journey)
        case .denied: return .settled(try end(journey, as: .declined(by: person.user.id), in: transaction, now: now))
        case .failed(let failure):
            note(failure, journey)
            return .settled(
                try end(journey, as: .failed(reason: failure.reason), in: transaction, now: now))
        }
    }

    private func finish(_ journey: Journey, code: String) async throws -> View {
        switch await redeem(code, of: journey) {
        case .success(let grant):
            return try await settle(journey, unlessKept: DiscardedToken(grant.tokens)) { transaction, now in
                let connection = try connection(journey, grant, in: transaction, now: now)
                return try keep(connection, of: journey, in: transaction, now: now)
            }
        case .failure(let failure):
            note(failure.cause, journey)
            return try await settle(journey, unlessKept: failure.token) { transaction, now in
                .notKept(try end(journey, as: .failed(reason: failure.cause.reason), in: transaction, now: now))
            }
        }
    }

    private func redeem(_ code: String, of journey: Journey) async -> Result<ProviderGrant, GrantFailure> {
        guard let proof = vault.proof(of: journey.attempt) else {
            return .failure(GrantFailure(.unavailable("the attempt was sealed with a key that is gone")))
        }
        let access: ProviderAccess
        do throws(ProviderFailure) {
            access = try vault.access(to: journey.provider)
        } catch {
            return .failure(GrantFailure(error))
        }
        do throws(GrantFailure) {
            return .success(try await client.redeem(code, at: access, proof: proof, now: clock.now()))
        } catch {
            return .failure(error)
        }
    }

    /// What became of a grant.
    private enum Keeping: Sendable {
        case kept(View)
        case notKept(View, ProviderFailure? = nil)
    }

    /// Writes down how it ended. Unless that keeps the token, it is revoked at the provider, also when nothing could be
    /// written.
    private func settle(
        _ journey: Journey, unlessKept token: DiscardedToken?,
        _ write: @escaping @Sendable (Transaction, Timestamp) throws -> Keeping
    ) async throws -> View {
        let now = clock.now()
        let keeping: Keeping
        do {
            keeping = try await store.write { try write($0, now) }
        } catch {
            _ = await giveBack(token, of: journey)
            throw error
        }
        switch keeping {
        case .kept(let view): return view
        case .notKept(let view, let failure):
            if let failure { note(failure, journey) }
            let isTaken = await giveBack(token, of: journey)
            guard case .over(var end) = view else { return view }
            end.isTokenRevoked = isTaken
            return .over(end)
        }
    }

    /// Whether the provider took the token back; nil where there is none.
    private func giveBack(_ token: DiscardedToken?, of journey: Journey) async -> Bool? {
        guard let token else { return nil }
        return await unkept.revoke(token, at: journey.provider, about: ["elicitation": "\(journey.asked.id)"])
    }

    private func connection(
        _ journey: Journey, _ grant: ProviderGrant, in transaction: Transaction, now: Timestamp
    ) throws -> Connection {
        let id = ConnectionID.random()
        return Connection(
            id: id, userID: journey.attempt.userID, resourceID: journey.asked.resourceID,
            provider: journey.provider.name, asked: journey.attempt.asked, scope: grant.scope ?? journey.attempt.asked,
            tokens: try vault.seal(grant.tokens, of: id, in: transaction), createdAt: now)
    }

    /// Keeps what came, unless the elicitation, the session or the permission ended while the provider was asked.
    private func keep(
        _ connection: Connection, of journey: Journey, in transaction: Transaction, now: Timestamp
    ) throws -> Keeping {
        guard let asked = try transaction.elicitations.find(journey.asked.id) else { return .notKept(.notYours) }
        let settled = try standing.settled(asked, in: transaction, now: now)
        guard settled.status.isOpen else {
            return .notKept(try over(settled, isJustNow: false, in: transaction))
        }
        // Not a provider of the same name that was registered meanwhile; its secret may have been sealed anew.
        guard let provider = try transaction.providers.find(journey.provider.name),
            provider.with(clientSecret: nil) == journey.provider.with(clientSecret: nil),
            try ConnectionPolicy.allows(connection, in: transaction)
        else {
            return .notKept(try end(journey, as: .failed(reason: "not_allowed"), in: transaction, now: now))
        }
        if let excess = try ConnectionPolicy.excess(
            of: connection.scope, at: connection.provider, for: connection.resourceID, in: transaction)
        {
            let failure = ProviderFailure.scopeExceeded(excess)
            let view = try end(journey, as: .failed(reason: failure.reason), in: transaction, now: now)
            return .notKept(view, failure)
        }
        try transaction.connections.connect(connection)
        try transaction.audit.append(
            AuditEntry(
                .connectionMade, at: now, actor: .person(connection.userID), user: connection.userID,
                client: asked.clientID, resource: connection.resourceID, session: asked.sessionID,
                reason: "provider \(connection.provider)", initiator: .human, correlation: connection.id.string))
        let content = try vault.seal(ConnectionReceipt(connection), of: asked.id, in: transaction)
        return .kept(
            try end(
                journey,
                as: .completed(
                    by: connection.userID, authTime: journey.person.login.authTime, content: content),
                in: transaction, now: now))
    }

    private func end(
        _ journey: Journey, as outcome: ElicitationOutcome, in transaction: Transaction, now: Timestamp
    ) throws -> View {
        if let done = try transaction.elicitations.finish(journey.asked.id, as: outcome, now: now) {
            return try over(done, isJustNow: true, in: transaction)
        }
        guard let asked = try transaction.elicitations.find(journey.asked.id) else { return .notYours }
        return try over(standing.settled(asked, in: transaction, now: now), isJustNow: false, in: transaction)
    }

    private func over(_ asked: Elicitation, isJustNow: Bool, in transaction: Transaction) throws -> View {
        .over(try ElicitationEnd(asked, isJustNow: isJustNow, in: transaction))
    }

    private func note(_ failure: ProviderFailure, _ journey: Journey) {
        log.notice(
            "an account could not be connected",
            metadata: [
                "provider": "\(journey.provider.name)", "elicitation": "\(journey.asked.id)", "cause": "\(failure)",
            ])
    }
}

extension ConnectionAttempt {
    /// Whether this person, in this very login and browser, is the one who left.
    fileprivate func isOf(_ person: SignedIn, in browser: Browser) -> Bool {
        userID == person.user.id && browserLoginID == person.login.id && binding == browser.binding
    }
}
