import JOSE
package import OAuth
import Storage

/// Shows an elicitation to the one person it is for and takes the answer; everybody else learns nothing, not even whether
/// it exists.
/// Spec: MCP 2026-07-28 §Elicitation
package struct ElicitationPageEndpoint: Sendable {
    let store: Store
    let keys: KeyRing
    let people: SignInService
    let standing: StandingRule
    let seal: InteractionSeal
    let services: ElicitationServices
    let misdirections: WrongAccountLog
    let clock: WallClock

    /// What the page shows now.
    package enum View: Sendable {
        /// Somebody has to sign in first; who asks for what is not told before.
        case signIn(token: String)
        /// The right person, whose sign-in is too long ago for what is asked.
        case signInAgain(token: String, account: String)
        case ask(ElicitationQuestion)
        case over(ElicitationEnd)
        /// The person agreed and goes on to this address: of a provider, from which the way leads back here, or of the MCP
        /// server's, with a ticket.
        case onward(String, comesBack: Bool)
        /// Another person's, unknown or malformed: one answer for all, with the account in use and a way to change it.
        case notYours(Stranger)
        /// The form could not be taken as it was sent; the page again, with the reason.
        case again(ElicitationQuestion, problem: Problem)
        /// Something is wrong with what was filled in; the page again, with what may be shown of it.
        case correct(ElicitationQuestion, SubmittedForm)
    }

    /// Who is signed in and was not asked.
    package struct Stranger: Sendable {
        package let account: String
        package let token: String
        /// What was tried, for the log alone; nil when there is no such elicitation.
        package let elicitation: ElicitationID?
    }

    /// Why an answer could not be taken as it was sent.
    package enum Problem: Sendable {
        /// The page was opened in another sign-in than the form came from.
        case stale
        case noDecision
        /// The person went on to the other page, and finishes there.
        case isThere
    }

    /// Opens the page. Nothing is decided by it; that its person has seen it is noted once, and after that it only reads.
    package func show(_ text: String, browser: Browser) async throws -> View {
        let now = clock.now()
        switch try await admit(to: text, browser: browser, now: now) {
        case .elsewhere(let view): return view
        case .person(let person, let asked):
            let view = try await store.read { transaction in
                try glance(at: asked.id, person: person, in: transaction, now: now)
            }
            if let view { return view }
            return try await store.write { transaction in
                try look(at: asked.id, person: person, in: transaction, now: now).view
            }
        }
    }

    /// Takes the answer, in one transaction: the new state, its event and its record are committed before the page says so.
    /// `form` is all that was sent, for the kinds that have fields.
    package func decide(
        _ text: String, token: String, decision: String, form: Parameters, browser: Browser
    ) async throws -> View {
        let now = clock.now()
        let (person, asked): (SignedIn, Elicitation)
        switch try await admit(to: text, browser: browser, now: now) {
        case .elsewhere(let view): return view
        case .person(let one, let found): (person, asked) = (one, found)
        }
        let isStale = !ConstantTime.equal(Array(token.utf8), Array(formToken(asked.pageID, person: person).utf8))
        // Passwords are compared outside of the transaction, and for nobody's form but our own.
        let approval =
            decision == "approve" && !isStale
            ? try await services[asked.kind].approval(of: asked, by: person, in: browser, form: form, now: now) : nil
        return try await store.write { transaction in
            let (asked, view) = try look(at: asked.id, person: person, in: transaction, now: now)
            guard case .ask(let question) = view else { return view }
            guard !isStale else { return .again(question, problem: .stale) }
            if let problem = asked.kind.strategy.obstacle(to: asked) { return .again(question, problem: problem) }
            switch decision {
            case "approve":
                let step = try approval?(transaction) ?? .again(.noDecision)
                return try take(step, for: question, of: asked, in: transaction, now: now)
            case "decline":
                return try finish(asked, as: .declined(by: person.user.id), in: transaction, now: now)
            default: return .again(question, problem: .noDecision)
            }
        }
    }

    private enum Admission: Sendable {
        /// The one person who was asked, signed in a short enough while ago.
        case person(SignedIn, Elicitation)
        /// What everybody else sees instead.
        case elsewhere(View)
    }

    /// Who opens or sends the page. The order is policy: nobody learns anything who is not signed in as who was asked.
    private func admit(to text: String, browser: Browser, now: Timestamp) async throws -> Admission {
        // What is no id takes the same way as an id that nobody has.
        let page = ElicitationPageID(text) ?? .random()
        guard let person = try await people.signedIn(browser, now: now) else {
            return .elsewhere(.signIn(token: try seal.seal(.elicitation(page), for: browser, now: now)))
        }
        let asked = try await store.read { try $0.elicitations.find(page: page) }
        guard let asked, asked.userID == person.user.id else {
            return .elsewhere(try turnAway(person, from: asked, page: page, browser: browser, now: now))
        }
        guard isFresh(person, for: asked, now: now) else {
            let token = try seal.seal(.elicitation(page), for: browser, now: now)
            return .elsewhere(.signInAgain(token: token, account: person.user.name))
        }
        return .person(person, asked)
    }
}
