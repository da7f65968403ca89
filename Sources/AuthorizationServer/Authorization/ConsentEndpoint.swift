import JOSE
package import OAuth
import Storage

/// The consent page: shows a user what a client requests, and commits what the user decides.
package struct ConsentEndpoint: Sendable {
    let settings: Settings
    let store: Store
    let keys: KeyRing
    let people: SignInService
    let standing: StandingRule
    let refusals: AccessRefusals
    let clock: WallClock
    let observer: Observer

    private var content: ConsentContent { ConsentContent(settings: settings, keys: keys, standing: standing) }

    /// Carries a decision through the sign-in page.
    var seal: InteractionSeal { InteractionSeal(keys: keys) }

    /// Where the browser goes after a decision.
    package enum Destination: Hashable, Sendable {
        /// To this address of the client, with the code or the refusal.
        case client(String)
        /// Nowhere: the client runs on a device, which collects the answer itself.
        case device
    }

    /// What the page of an interaction shows now.
    package enum View: Sendable {
        case ask(ConsentRequest)
        /// The access rule of the MCP server keeps the user out; the address that tells the client so, if it may learn it.
        case noAccess(NoAccess, back: String?)
        /// The user decided a moment ago in this browser: the same destination again.
        case answered(Destination, Decision)
        case finished
        /// Nobody decided in time; the destination that the page may offer.
        case expired(back: Destination?)
        /// The sign-in in this very browser expired: sign in again, then the page.
        case signIn(SignInPrompt)
        /// The interaction is another browser's, another user's, or unknown: one answer for all, which tells a stranger nothing.
        case notYours
    }

    /// What a submitted form led to.
    package enum Outcome: Sendable {
        /// The user decided, and the browser goes on.
        case handOff(Destination, Decision)
        /// The form was incomplete; the same page with the reason.
        case again(ConsentRequest, problem: ConsentProblem)
        /// The sign-in is too old for what was approved: sign in again, then the same page with what was chosen.
        case signInAgain(SignInPrompt)
        /// The access rule of the MCP server keeps the user out, and nothing was approved; the address that tells the client so, if
        /// it may learn it.
        case noAccess(NoAccess, back: String?)
        /// The user wants to decide with another account: the same request, from its sign-in page on.
        case switchAccount(SignInPrompt)
        case finished
        /// Nobody decided in time; the destination that the page may offer.
        case expired(back: Destination?)
        /// The sign-in in this very browser expired: sign in again, then the page. Nothing was decided.
        case signIn(SignInPrompt)
        case notYours
    }

    /// Why a form decides nothing.
    package enum ConsentProblem: Sendable {
        case noScope, noLifetime, noDecision
        /// The MCP server's policy does not offer that length, or no longer offers it.
        case notOffered
        /// The page was shown more than ten minutes ago.
        case outdated
    }

    /// Opens the page. Changes nothing.
    package func show(_ id: InteractionID, browser: Browser) async throws -> View {
        let trace = observer.trace(.interaction(id), for: browser)
        let view = try await trace.recordingFailure { try await self.view(of: id, browser) }
        trace.record(view.step)
        return view
    }

    private func view(of id: InteractionID, _ browser: Browser) async throws -> View {
        let now = clock.now()
        guard let person = try await people.signedIn(browser, now: now) else {
            return try await signInPrompt(for: id, browser, now).map(View.signIn) ?? .notYours
        }
        let view = try await store.read { transaction -> View in
            guard let interaction = try transaction.interactions.find(id), interaction.belongs(to: person) else {
                return .notYours
            }
            guard interaction.state == .pending else {
                return try earlierAnswer(interaction, in: transaction, now: now).map {
                    .answered($0.destination, $0.decision)
                } ?? .finished
            }
            guard now < interaction.expiresAt else {
                return .expired(back: try wayBack(interaction, in: transaction))
            }
            switch try admission(to: interaction, of: person, in: transaction, now: now) {
            case .refused(let refusal, let back): return .noAccess(refusal, back: back)
            case .admitted(let access):
                return .ask(
                    try content.request(
                        interaction, access, person: person, browser: browser, in: transaction, now: now))
            }
        }
        if case .noAccess(let refusal, _) = view { try await record(refusal, on: id, of: person, now: now) }
        return view
    }

    /// Applies a submitted form in one transaction: the session, what the session replaces, and the audit record are committed
    /// together.
    package func decide(_ form: ConsentForm, browser: Browser) async throws -> Outcome {
        guard let id = InteractionID(form.token.prefix { $0 != "." }) else { return .notYours }
        let trace = observer.trace(.interaction(id), for: browser)
        let outcome = try await trace.recordingFailure { try await self.outcome(of: form, on: id, browser) }
        if case .handOff(_, .approved) = outcome {
            let code = AuthorizationCode.derive(key: keys.secret(.code).bytes, interaction: id)
            trace.link(.code(code.digest))
        }
        trace.record(outcome.step)
        return outcome
    }

    private func outcome(of form: ConsentForm, on id: InteractionID, _ browser: Browser) async throws -> Outcome {
        let now = clock.now()
        guard let person = try await people.signedIn(browser, now: now) else {
            return try await signInPrompt(for: id, browser, now).map(Outcome.signIn) ?? .notYours
        }
        let outcome = try await store.write { transaction -> Outcome in
            guard let interaction = try transaction.interactions.find(id), interaction.belongs(to: person),
                let token = ConsentToken(form.token, of: interaction, keys: keys)
            else { return .notYours }
            guard interaction.state == .pending else {
                return try earlierAnswer(interaction, in: transaction, now: now).map {
                    .handOff($0.destination, $0.decision)
                } ?? .finished
            }
            guard now < interaction.expiresAt else {
                return .expired(back: try wayBack(interaction, in: transaction))
            }
            // Denying and switching accounts need no page: they count even when the request could not be shown any more.
            switch form.button {
            case .deny: return try deny(interaction, person: person, in: transaction, now: now)
            case .switchAccount: return try switchAccount(interaction, person, browser, now: now)
            case .approve, nil: break
            }
            let access: UserAccess
            switch try admission(to: interaction, of: person, in: transaction, now: now) {
            case .refused(let refusal, let back): return .noAccess(refusal, back: back)
            case .admitted(let admitted): access = admitted
            }
            let request = try content.request(
                interaction, access, person: person, browser: browser, in: transaction, now: now)
            guard token.isCurrent(at: now) else { return .again(request.keeping(form), problem: .outdated) }
            guard form.button == .approve else { return .again(request.keeping(form), problem: .noDecision) }
            return try approve(
                interaction, request, form, replacing: token.offered.filter(form.replaces.contains), by: access,
                person: person, browser: browser, in: transaction, now: now)
        }
        if case .noAccess(let refusal, _) = outcome { try await record(refusal, on: id, of: person, now: now) }
        return outcome
    }
}

extension ConsentEndpoint.View {
    fileprivate var step: AuthorizationStep {
        switch self {
        case .ask: .consentShown
        case .noAccess(let refusal, let back): .refused(refusal.error, back == nil ? .onPage : .byRedirect)
        case .answered(_, .approved): .approved
        case .answered(_, .denied): .denied
        case .finished, .expired: .consentOver
        case .signIn: .signInAsked
        case .notYours: .consentElsewhere
        }
    }
}

extension ConsentEndpoint.Outcome {
    fileprivate var step: AuthorizationStep {
        switch self {
        case .handOff(_, .approved): .approved
        case .handOff(_, .denied): .denied
        case .again(_, let problem): problem.step
        case .noAccess(let refusal, let back): .refused(refusal.error, back == nil ? .onPage : .byRedirect)
        case .signInAgain, .signIn, .switchAccount: .signInAsked
        case .finished, .expired: .consentOver
        case .notYours: .consentElsewhere
        }
    }
}

extension ConsentEndpoint.ConsentProblem {
    fileprivate var step: AuthorizationStep {
        switch self {
        case .noScope: .consentIncomplete(.scope)
        case .noLifetime, .notOffered: .consentIncomplete(.lifetime)
        case .noDecision: .consentIncomplete(.decision)
        case .outdated: .consentOutdated
        }
    }
}
