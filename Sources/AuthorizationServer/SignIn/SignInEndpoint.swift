package import JOSE
package import OAuth
import Storage

/// Handles the form of the sign-in page, and continues with the request that the page carries.
package struct SignInEndpoint: Sendable {
    /// The greatest length of the sealed request in the page, in characters.
    package static let longestToken = InteractionSeal.longest

    let people: SignInService
    let seal: InteractionSeal
    let authorize: AuthorizeEndpoint
    let clock: WallClock

    /// What a submitted form led to.
    package enum Outcome: Sendable {
        /// The user is signed in; the browser gets `cookie` and goes to `next`.
        case signedIn(cookie: Secret, next: Next)
        /// The proof is wrong: the page again.
        case wrong(Prompt)
        /// Too many failed attempts: the page again, with the seconds to wait.
        case wait(Int64, Prompt)
        /// The page was made for another browser cookie or is too old: the same page, sealed for this browser. The posted proof
        /// was not used.
        case outdated(Prompt, token: String, hint: String?)
        /// The request expired; the address that tells the client so, if the page may offer it.
        case expired(back: String?)
        /// The page expired, but its request has a page of its own, which explains its state.
        case moved(Next)
        /// The sealed request was altered, or sealed with a key that is no longer in use.
        case invalid
    }

    /// Where the browser goes after the sign-in.
    package enum Next: Sendable {
        case authorization(AuthorizeOutcome)
        case elicitation(ElicitationPageID)
        /// The page for the code of a device, with the code if a link filled it in.
        case device(UserCode?)
        /// The account page; the user whose step on that page has to be repeated, if the sign-in was for a step.
        case account(again: UserID?)
    }

    /// What the sign-in page says about the purpose of the sign-in.
    package struct Prompt: Sendable {
        /// What the user signs in for.
        package enum Purpose: Sendable {
            case authorization, elicitation, device, account
        }

        /// The client for display; nil unless a client asks for an authorization.
        package let client: String?
        /// The purpose of the sign-in, which decides the words of the page.
        package let purpose: Purpose
    }

    /// Handles the form. The sealed request is opened before the proof is checked, by any method, so that a forged form tests no
    /// password.
    package func submit(_ form: Parameters, browser: Browser) async throws -> Outcome {
        let token = try form.value("interaction") ?? ""
        let claim = try people.claim(in: form)
        switch try await open(token, browser: browser) {
        case .current(let waiting, let trace): return try await signIn(claim, for: waiting, browser, trace)
        case .unusable(let outcome): return outcome
        }
    }

    /// A sealed request that a browser sent back.
    enum OpenedPage: Sendable {
        case current(InteractionSeal.Waiting, TraceWriter?)
        /// Nobody can sign in for it now.
        case unusable(Outcome)
    }

    /// Opens the sealed request of a page, for a sign-in by any method.
    func open(_ token: String, browser: Browser) async throws -> OpenedPage {
        let now = clock.now()
        let opened = seal.open(token, for: browser, now: now)
        let trace = trace(of: opened.waiting, browser)
        if let step = opened.step { trace?.record(step) }
        switch opened {
        case .current(let waiting): return .current(waiting, trace)
        case .outdated(let waiting, let since):
            let token = try seal.seal(waiting, for: browser, since: since, now: now)
            return .unusable(.outdated(waiting.prompt, token: token, hint: waiting.hint))
        case .expired(let waiting): return .unusable(try await expire(waiting, browser, trace))
        case .invalid: return .unusable(.invalid)
        }
    }

    private func signIn(
        _ claim: SignInClaim, for waiting: InteractionSeal.Waiting, _ browser: Browser, _ trace: TraceWriter?
    ) async throws -> Outcome {
        let result: SignInService.SignInResult
        do {
            result = try await people.signIn(claim, browser: browser)
        } catch {
            trace?.record(.failed)
            throw error
        }
        trace?.record(result.step)
        switch result {
        case .wrong: return .wrong(waiting.prompt)
        case .wait(let seconds): return .wait(seconds, waiting.prompt)
        case .signedIn(let person, let cookie):
            return .signedIn(cookie: cookie, next: try await resume(waiting, person, browser, trace))
        }
    }

    /// Goes on with the waiting request of a user who has just signed in.
    func resume(
        _ waiting: InteractionSeal.Waiting, _ person: SignedIn, _ browser: Browser, _ trace: TraceWriter?
    ) async throws -> Next {
        switch waiting {
        case .authorization(let parameters, let arrival, _, _):
            .authorization(
                try await authorize.resume(
                    parameters, arrival: arrival, person: person, browser: browser, trace: trace))
        case .consent(let id, _): .authorization(.consent(id))
        case .elicitation(let id): .elicitation(id)
        case .device(let code): .device(code)
        case .account(let isAgain): .account(again: isAgain ? person.user.id : nil)
        }
    }

    /// A request with a page of its own expires there, in that page's words.
    func expire(
        _ waiting: InteractionSeal.Waiting, _ browser: Browser, _ trace: TraceWriter?
    ) async throws -> Outcome {
        switch waiting {
        case .authorization(let parameters, let arrival, _, _):
            let back = try await authorize.wayBack(from: parameters, arrival: arrival, browser: browser, trace: trace)
            return .expired(back: back)
        case .consent(let id, _): return .moved(.authorization(.consent(id)))
        case .elicitation(let id): return .moved(.elicitation(id))
        case .device(let code): return .moved(.device(code))
        case .account: return .moved(.account(again: nil))
        }
    }

    /// The trace of the authorization that waits in the page; nil for a page that belongs to no authorization. A page that
    /// cannot be opened gets a trace of its own, because most of these belonged to an authorization.
    func trace(of waiting: InteractionSeal.Waiting?, _ browser: Browser) -> TraceWriter? {
        switch waiting {
        case .authorization(_, _, _, let reference):
            authorize.observer.trace(reference.map(AuthorizationTrace.Key.reference), for: browser)
        case .consent(let id, _): authorize.observer.trace(.interaction(id), for: browser)
        case .elicitation, .device, .account: nil
        case nil: authorize.observer.newTrace(for: browser)
        }
    }
}

extension InteractionSeal.Opened {
    /// The sealed request; nil when the seal is not valid.
    fileprivate var waiting: InteractionSeal.Waiting? {
        switch self {
        case .current(let waiting), .outdated(let waiting, _), .expired(let waiting): waiting
        case .invalid: nil
        }
    }

    /// The step that a trace records for it; nil for a page that can be used.
    fileprivate var step: AuthorizationStep? {
        switch self {
        case .current: nil
        case .outdated: .signInOutdated
        case .expired, .invalid: .signInLost
        }
    }
}

extension SignInService.SignInResult {
    fileprivate var step: AuthorizationStep {
        switch self {
        case .signedIn: .signedIn
        case .wrong: .signInRefused
        case .wait(let seconds): .signInDelayed(seconds: seconds)
        }
    }
}

extension SignInEndpoint.Outcome {
    /// Whether the sign-in is for an authorization, as far as that is known.
    package var isOfAuthorization: Bool {
        switch self {
        case .wrong(let prompt), .wait(_, let prompt), .outdated(let prompt, _, _): prompt.purpose == .authorization
        case .signedIn(_, .authorization), .moved(.authorization), .expired: true
        case .signedIn, .moved, .invalid: false
        }
    }
}

extension InteractionSeal.Waiting {
    /// The account name that the client suggests.
    fileprivate var hint: String? {
        guard case .authorization(let parameters, _, _, _) = self else { return nil }
        return (try? AuthorizationDraft(parameters))?.loginHint
    }

    /// What the sign-in page says about the request.
    var prompt: SignInEndpoint.Prompt {
        switch self {
        case .authorization(_, _, let client, _), .consent(_, let client):
            .init(client: client, purpose: .authorization)
        case .elicitation: .init(client: nil, purpose: .elicitation)
        case .device: .init(client: nil, purpose: .device)
        case .account: .init(client: nil, purpose: .account)
        }
    }
}
