import JOSE
package import OAuth
import Storage

/// The checkpoint: shows a person what is asked and commits what the person decides.
package struct ConsentEndpoint: Sendable {
    let settings: Settings
    let store: Store
    let keys: KeyRing
    let people: SignInService
    let standing: StandingRule
    let clock: WallClock
    let timelines: AuthorizationTraces

    /// What carries a decision through the sign-in page.
    var seal: InteractionSeal { InteractionSeal(keys: keys) }

    /// What the page of an interaction shows now.
    package enum View: Sendable {
        case ask(ConsentRequest)
        /// The decision was made a moment ago in this browser: the same answer again.
        case answered(String, approved: Bool)
        case finished
        /// Nobody decided within the hour; the way back to the client with that answer, if the page may offer it.
        case expired(back: String?)
        /// The sign-in ended by disuse in this very browser: once more, and then to the page.
        case signIn(SignInPrompt)
        /// Not this browser's, not this person's, or unknown: one answer for all.
        case notYours
    }

    /// What a person's decision led to.
    package enum Outcome: Sendable {
        /// The place in the client to go on to, with the code or the refusal.
        case handOff(String, approved: Bool)
        /// The form was incomplete; the same page with the reason.
        case again(ConsentRequest, problem: ConsentProblem)
        /// The sign-in is too long ago for what was approved: once more, and then to the same page with what was chosen.
        case signInAgain(SignInPrompt)
        /// The person wants to decide with another account: the same request, from its sign-in page on.
        case switchAccount(SignInPrompt)
        case finished
        /// Nobody decided within the hour; the way back to the client with that answer, if the page may offer it.
        case expired(back: String?)
        /// The sign-in ended by disuse in this very browser: once more, and then to the page. Nothing was decided.
        case signIn(SignInPrompt)
        case notYours
    }

    /// Why a decision could not be taken as it was sent.
    package enum ConsentProblem: Sendable {
        case noScope, noLifetime, noDecision
        /// Nobody may choose that length, or nobody may any more.
        case notOffered
        /// The page was shown more than ten minutes ago.
        case outdated
    }

    /// What a person sent from the page.
    package struct Decision: Sendable {
        /// The page's own token: the interaction and the proof that this browser was shown it.
        package let token: String
        package let decision: String
        package let scopes: [String]
        package let lifetime: String
        /// The earlier sessions that were ticked.
        package let replaces: [String]

        /// The fields as they arrived; nothing is trusted yet.
        package init(token: String, decision: String, scopes: [String], lifetime: String, replaces: [String]) {
            self.token = token
            self.decision = decision
            self.scopes = scopes
            self.lifetime = lifetime
            self.replaces = replaces
        }
    }

    /// Opens the page. Changes nothing.
    package func show(_ id: InteractionID, browser: Browser) async throws -> View {
        let attempt = timelines.resume(.interaction(id), for: browser, clock: clock)
        let view = try await attempt.watching { try await look(id, browser) }
        attempt.note(view.step)
        return view
    }

    private func look(_ id: InteractionID, _ browser: Browser) async throws -> View {
        let now = clock.now()
        guard let person = try await people.signedIn(browser, now: now) else {
            return try await comeBack(id, browser, now).map(View.signIn) ?? .notYours
        }
        return try await store.read { transaction in
            guard let interaction = try transaction.interactions.find(id), interaction.belongs(to: person) else {
                return .notYours
            }
            guard interaction.state == .pending else {
                return try earlierAnswer(interaction, in: transaction, now: now).map {
                    .answered($0.place, approved: $0.approved)
                } ?? .finished
            }
            guard now < interaction.expiresAt else {
                return .expired(back: try wayBack(interaction, in: transaction))
            }
            return .ask(try request(interaction, person: person, browser: browser, in: transaction, now: now))
        }
    }

    /// Takes the decision, in one transaction: what it effects, what it ends and its record are committed together.
    package func decide(_ decision: Decision, browser: Browser) async throws -> Outcome {
        guard let id = InteractionID(decision.token.prefix { $0 != "." }) else { return .notYours }
        let attempt = timelines.resume(.interaction(id), for: browser, clock: clock)
        let outcome = try await attempt.watching { try await rule(decision, on: id, browser) }
        if case .handOff(_, approved: true) = outcome {
            let code = AuthorizationCode.derive(key: keys.secret(.code).bytes, interaction: id)
            attempt.lead(from: .code(code.digest))
        }
        attempt.note(outcome.step)
        return outcome
    }

    private func rule(_ decision: Decision, on id: InteractionID, _ browser: Browser) async throws -> Outcome {
        let now = clock.now()
        guard let person = try await people.signedIn(browser, now: now) else {
            return try await comeBack(id, browser, now).map(Outcome.signIn) ?? .notYours
        }
        return try await store.write { transaction in
            guard let interaction = try transaction.interactions.find(id), interaction.belongs(to: person),
                let token = ConsentToken(decision.token, of: interaction, keys: keys)
            else { return .notYours }
            guard interaction.state == .pending else {
                return try earlierAnswer(interaction, in: transaction, now: now).map {
                    .handOff($0.place, approved: $0.approved)
                } ?? .finished
            }
            guard now < interaction.expiresAt else {
                return .expired(back: try wayBack(interaction, in: transaction))
            }
            // A refusal needs nothing that a page would: it counts whatever became of what was asked for.
            if decision.decision == "deny" { return try deny(interaction, person: person, in: transaction, now: now) }
            if decision.decision == "switch" { return try switchAccount(interaction, person, browser, now: now) }
            let request = try request(interaction, person: person, browser: browser, in: transaction, now: now)
            guard token.isCurrent(at: now) else { return .again(request.keeping(decision), problem: .outdated) }
            guard decision.decision == "approve" else { return .again(request.keeping(decision), problem: .noDecision) }
            return try approve(
                interaction, request, decision,
                replacing: token.offered.filter { decision.replaces.contains($0.string) },
                person: person, browser: browser, in: transaction, now: now)
        }
    }
}

extension ConsentEndpoint.View {
    /// What the timeline says of it.
    fileprivate var step: AuthorizationStep {
        switch self {
        case .ask: .consentShown
        case .answered(_, let approved): approved ? .approved : .denied
        case .finished, .expired: .consentOver
        case .signIn: .signInAsked
        case .notYours: .consentElsewhere
        }
    }
}

extension ConsentEndpoint.Outcome {
    /// What the timeline says of it.
    fileprivate var step: AuthorizationStep {
        switch self {
        case .handOff(_, let approved): approved ? .approved : .denied
        case .again(_, .outdated): .consentOutdated
        case .again(_, let problem): .consentIncomplete(problem.lack)
        case .signInAgain, .signIn, .switchAccount: .signInAsked
        case .finished, .expired: .consentOver
        case .notYours: .consentElsewhere
        }
    }
}

extension ConsentEndpoint.ConsentProblem {
    fileprivate var lack: AuthorizationStep.MissingConsentField {
        switch self {
        case .noScope: .scope
        case .noLifetime, .notOffered: .lifetime
        case .noDecision, .outdated: .decision
        }
    }
}
