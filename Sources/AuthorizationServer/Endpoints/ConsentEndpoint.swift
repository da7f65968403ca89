import JOSE
package import OAuth
import Storage

/// The checkpoint: shows a person what is asked and commits what the person decides.
package struct ConsentEndpoint: Sendable {
    let settings: Settings
    let store: Store
    let keys: KeyRing
    let people: People
    let clock: WallClock
    let timelines: Timelines

    /// What carries a decision through the sign-in page.
    var seal: InteractionSeal { InteractionSeal(keys: keys) }

    /// What the page of an interaction shows now.
    package enum View: Sendable {
        case ask(ConsentRequest)
        /// The decision was made a moment ago in this browser: the same answer again.
        case answered(String, approved: Bool)
        case finished
        /// Not this browser's, not this person's, or unknown: one answer for all.
        case notYours
        case signedOut
    }

    /// What a person's decision led to.
    package enum Outcome: Sendable {
        /// The place in the client to go on to, with the code or the refusal.
        case handOff(String, approved: Bool)
        /// The form was incomplete; the same page with the reason.
        case again(ConsentRequest, problem: ConsentProblem)
        /// The sign-in is too long ago for what was approved: once more, and then to the same page with what was chosen.
        case signInAgain(SignInPrompt)
        case finished
        case notYours
        case signedOut
    }

    /// Why a decision could not be taken as it was sent.
    package enum ConsentProblem: Sendable {
        case noScope, noLifetime, noDecision
        /// Nobody may choose that length, or nobody may any more.
        case notOffered
    }

    /// What a person sent from the page.
    package struct Decision: Sendable {
        /// The page's own token: the interaction and the proof that this browser was shown it.
        package let token: String
        package let decision: String
        package let scopes: [String]
        package let lifetime: String
        package let replaces: Bool

        /// The fields as they arrived; nothing is trusted yet.
        package init(token: String, decision: String, scopes: [String], lifetime: String, replaces: Bool) {
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
        guard let person = try await people.signedIn(browser, now: now) else { return .signedOut }
        return try await store.read { transaction in
            guard let interaction = try transaction.interaction(id), interaction.belongs(to: person) else {
                return .notYours
            }
            if interaction.state != .pending || interaction.expiresAt <= now {
                return try earlierAnswer(interaction, in: transaction, now: now).map {
                    .answered($0.place, approved: $0.approved)
                } ?? .finished
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
        guard let person = try await people.signedIn(browser, now: now) else { return .signedOut }
        return try await store.write { transaction in
            guard let interaction = try transaction.interaction(id), interaction.belongs(to: person),
                ConstantTime.equal(Array(decision.token.utf8), Array(formToken(interaction).utf8))
            else { return .notYours }
            if interaction.state != .pending || interaction.expiresAt <= now {
                return try earlierAnswer(interaction, in: transaction, now: now).map {
                    .handOff($0.place, approved: $0.approved)
                } ?? .finished
            }
            // A refusal needs nothing that a page would: it counts whatever became of what was asked for.
            if decision.decision == "deny" { return try deny(interaction, person: person, in: transaction, now: now) }
            let request = try request(interaction, person: person, browser: browser, in: transaction, now: now)
            guard decision.decision == "approve" else { return .again(request.keeping(decision), problem: .noDecision) }
            return try approve(
                interaction, request, decision, person: person, browser: browser, in: transaction, now: now)
        }
    }
}

extension ConsentEndpoint.View {
    /// What the timeline says of it.
    fileprivate var step: AttemptStep {
        switch self {
        case .ask: .consentShown
        case .answered(_, let approved): approved ? .approved : .denied
        case .finished: .consentOver
        case .notYours, .signedOut: .consentElsewhere
        }
    }
}

extension ConsentEndpoint.Outcome {
    /// What the timeline says of it.
    fileprivate var step: AttemptStep {
        switch self {
        case .handOff(_, let approved): approved ? .approved : .denied
        case .again(_, let problem): .consentIncomplete(problem.lack)
        case .signInAgain: .signInAsked
        case .finished: .consentOver
        case .notYours, .signedOut: .consentElsewhere
        }
    }
}

extension ConsentEndpoint.ConsentProblem {
    fileprivate var lack: AttemptStep.Lack {
        switch self {
        case .noScope: .scope
        case .noLifetime, .notOffered: .lifetime
        case .noDecision: .decision
        }
    }
}
