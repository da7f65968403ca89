import JOSE
package import OAuth
import Storage

/// Shows an elicitation to the user it is for and takes the decision. Everybody else learns nothing, not even whether
/// the elicitation exists.
///
/// Spec: MCP 2026-07-28 §Elicitation
package struct ElicitationPageEndpoint: Sendable {
    let store: Store
    let keys: KeyRing
    let people: SignInService
    let standing: StandingRule
    let seal: InteractionSeal
    let services: ElicitationServices
    let wrongAccounts: WrongAccountLog
    let clock: WallClock

    /// What the page shows.
    package enum View: Sendable {
        /// The sign-in form. It names neither the MCP server nor the request: the visitor may be anybody.
        case signIn(token: String)
        /// The sign-in form for the right user, whose sign-in is too old for this kind of elicitation.
        case signInAgain(token: String, account: String)
        /// The open elicitation with its form.
        case question(ElicitationQuestion)
        /// The final status.
        case ended(ElicitationEnd)
        /// The user approved and the browser goes on to another site.
        case redirect(ElicitationDestination)
        /// Another user's, unknown or malformed: one answer for all, with the account in use and a way to change it.
        case notYours(OtherAccount)
        /// The form was not accepted; the question again, with the reason.
        case retry(ElicitationQuestion, problem: Problem)
        /// Some fields were not accepted; the question again, with the values that may be shown.
        case corrections(ElicitationQuestion, SubmittedForm)
    }

    /// The decision that the form sends.
    package enum Decision: String, Sendable {
        case approve, decline
        /// Begins a step on another site anew.
        case restart
    }

    /// The account that is signed in although the elicitation is for another one.
    package struct OtherAccount: Sendable {
        /// The name of the account that is signed in.
        package let account: String
        /// The sealed request of a sign-in with another account, which leads back to this page.
        package let token: String
        /// The elicitation, for the log alone; nil when it does not exist.
        package let elicitation: ElicitationID?
    }

    /// Why a form was not accepted.
    package enum Problem: Sendable {
        /// The form comes from a page of another sign-in.
        case stale
        case noDecision
        /// The user already went on to the external site, and finishes there or starts over.
        case isThere
    }

    /// Opens the page. That decides nothing: the first visit is recorded, later ones only read.
    package func show(_ text: String, browser: Browser) async throws -> View {
        let now = clock.now()
        switch try await admit(to: text, browser: browser, now: now) {
        case .refused(let view): return view
        case .admitted(let person, let elicitation):
            let view = try await store.read { transaction in
                try unchangedView(of: elicitation.id, person: person, in: transaction, now: now)
            }
            if let view { return view }
            return try await store.write { transaction in
                try open(elicitation.id, person: person, in: transaction, now: now).view
            }
        }
    }

    /// Takes the decision in one transaction: the new status, its event and its audit record are committed before the
    /// page shows them.
    ///
    /// - Parameters:
    ///   - decision: nil when the form sent none that is known.
    ///   - form: everything that was sent, for the kinds that have fields.
    package func decide(
        _ text: String, token: String, decision: Decision?, form: Parameters, browser: Browser
    ) async throws -> View {
        let now = clock.now()
        let (person, elicitation): (SignedIn, Elicitation)
        switch try await admit(to: text, browser: browser, now: now) {
        case .refused(let view): return view
        case .admitted(let admitted, let found): (person, elicitation) = (admitted, found)
        }
        let isStale = !ConstantTime.equal(
            Array(token.utf8), Array(formToken(elicitation.pageID, person: person).utf8))
        // Passwords are compared outside of the transaction, because that takes long, and only for a form of this
        // server, so that no other site can use a browser to guess them. A decision that the kind refuses compares none: it leaves
        // the elicitation open, and could be sent again and again.
        let isPossible = decision.map { elicitation.kind.strategy.obstacle(to: $0, on: elicitation) == nil } ?? false
        let approval =
            isPossible && decision != .decline && !isStale
            ? try await services[elicitation.kind].approval(
                of: elicitation, by: person, in: browser, form: form, now: now) : nil
        return try await store.write { transaction in
            let (current, view) = try open(elicitation.id, person: person, in: transaction, now: now)
            guard case .question(let question) = view else { return view }
            guard !isStale else { return .retry(question, problem: .stale) }
            if let decision, let problem = current.kind.strategy.obstacle(to: decision, on: current) {
                return .retry(question, problem: problem)
            }
            switch decision {
            case .approve, .restart:
                let step = try approval?(transaction) ?? .retry(.noDecision)
                return try perform(step, for: question, of: current, in: transaction, now: now)
            case .decline:
                return try finish(current, as: .declined(by: person.user.id), in: transaction, now: now)
            case nil: return .retry(question, problem: .noDecision)
            }
        }
    }

    private enum Admission: Sendable {
        /// The user of the elicitation, whose sign-in is recent enough.
        case admitted(SignedIn, Elicitation)
        /// Anybody else sees this instead.
        case refused(View)
    }

    /// Admits the user of the elicitation. The order is policy: before a sign-in as that user nothing is revealed.
    private func admit(to text: String, browser: Browser, now: Timestamp) async throws -> Admission {
        // A malformed id takes the same path as an unknown one, so that the answers do not differ.
        let page = ElicitationPageID(text) ?? .random()
        guard let person = try await people.signedIn(browser, now: now) else {
            return .refused(.signIn(token: try seal.seal(.elicitation(page), for: browser, now: now)))
        }
        let elicitation = try await store.read { try $0.elicitations.find(page: page) }
        guard let elicitation, elicitation.userID == person.user.id else {
            return .refused(try notYours(person, elicitation, page: page, browser: browser, now: now))
        }
        guard isSignInAccepted(person, for: elicitation, now: now) else {
            let token = try seal.seal(.elicitation(page), for: browser, now: now)
            return .refused(.signInAgain(token: token, account: person.user.name))
        }
        return .admitted(person, elicitation)
    }
}
