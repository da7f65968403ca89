package import JOSE
package import OAuth
import Storage

/// Takes what the sign-in page submits and goes on with what waited in it.
package struct SignInEndpoint: Sendable {
    /// The most that the request in the page may measure once it is sealed.
    package static let longestToken = InteractionSeal.longest

    let people: SignInService
    let seal: InteractionSeal
    let authorize: AuthorizeEndpoint
    let clock: WallClock

    /// What became of the form.
    package enum Outcome: Sendable {
        /// Signed in; the browser gets `cookie` and goes where the request leads.
        case signedIn(cookie: Secret, next: Next)
        /// The proof is not right: the page again, with what it said before.
        case wrong(Prompt)
        /// Too many tries: the page again, with the seconds to wait.
        case wait(Int64, Prompt)
        /// The page was made for another browser cookie or is too old: the same page, sealed for this browser. Nothing that
        /// was posted was used.
        case outdated(Prompt, token: String, hint: String?)
        /// The request expired; the way back to the client with that answer, if the page may offer it.
        case expired(back: String?)
        /// The page expired, but it has an address that says what became of it.
        case moved(Next)
        /// The page was altered, or sealed with a key that is no longer in use.
        case invalid
    }

    /// Where a browser goes that has signed in.
    package enum Next: Sendable {
        case authorization(AuthorizeOutcome)
        case elicitation(ElicitationPageID)
        /// The page of one's own account; whose step has to be taken again, if there was one.
        case account(again: UserID?)
    }

    /// What the sign-in page says of why somebody is there.
    package struct Prompt: Sendable {
        /// Who asks, for an authorization request.
        package let client: String?
        /// The person came for the page of their own account.
        package let isForAccount: Bool
        /// The person came for an authorization.
        let isForAuthorization: Bool
    }

    /// Answers the form. The sealed request is opened before the proof is looked at, whatever the method, so that a form from
    /// elsewhere never tests one.
    package func submit(_ form: Parameters, browser: Browser) async throws -> Outcome {
        let now = clock.now()
        let token = try form.value("interaction") ?? ""
        let claim = try people.claim(in: form)
        switch seal.open(token, for: browser, now: now) {
        case .current(let waiting):
            return try await take(waiting, claim, browser: browser)
        case .outdated(let waiting, let since):
            attempt(waiting, browser)?.note(.signInOutdated)
            let token = try seal.seal(waiting, for: browser, since: since, now: now)
            return .outdated(waiting.prompt, token: token, hint: waiting.hint)
        case .expired(let waiting):
            return try await expire(waiting, browser)
        case .invalid:
            authorize.timelines.begin(for: browser, clock: clock).note(.signInLost)
            return .invalid
        }
    }

    private func take(
        _ waiting: InteractionSeal.Waiting, _ claim: SignInClaim, browser: Browser
    ) async throws -> Outcome {
        let attempt = attempt(waiting, browser)
        switch try await verdict(claim, browser, attempt) {
        case .wrong:
            attempt?.note(.signInRefused)
            return .wrong(waiting.prompt)
        case .wait(let seconds):
            attempt?.note(.signInDelayed(seconds: seconds))
            return .wait(seconds, waiting.prompt)
        case .signedIn(let person, let cookie):
            attempt?.note(.signedIn)
            switch waiting {
            case .authorization(let parameters, _, _):
                let outcome = try await authorize.resume(
                    parameters, person: person, browser: browser, attempt: attempt)
                return .signedIn(cookie: cookie, next: .authorization(outcome))
            case .consent(let id, _): return .signedIn(cookie: cookie, next: .authorization(.consent(id)))
            case .elicitation(let id): return .signedIn(cookie: cookie, next: .elicitation(id))
            case .account(let isAgain):
                return .signedIn(cookie: cookie, next: .account(again: isAgain ? person.user.id : nil))
            }
        }
    }

    /// What has a page of its own is told there.
    private func expire(_ waiting: InteractionSeal.Waiting, _ browser: Browser) async throws -> Outcome {
        let attempt = attempt(waiting, browser)
        attempt?.note(.signInLost)
        switch waiting {
        case .authorization(let parameters, _, _):
            return .expired(back: try await authorize.wayBack(from: parameters, browser: browser, attempt: attempt))
        case .consent(let id, _): return .moved(.authorization(.consent(id)))
        case .elicitation(let id): return .moved(.elicitation(id))
        case .account: return .moved(.account(again: nil))
        }
    }

    private func verdict(
        _ claim: SignInClaim, _ browser: Browser, _ attempt: Attempt?
    ) async throws -> SignInService.SignInResult {
        do {
            return try await people.signIn(claim, browser: browser)
        } catch {
            attempt?.note(.failed)
            throw error
        }
    }

    /// The authorization that waits in the page, if one does.
    private func attempt(_ waiting: InteractionSeal.Waiting, _ browser: Browser) -> Attempt? {
        switch waiting {
        case .authorization(_, _, let reference):
            authorize.timelines.resume(reference.map(AuthorizationTrace.Key.reference), for: browser, clock: clock)
        case .consent(let id, _): authorize.timelines.resume(.interaction(id), for: browser, clock: clock)
        case .elicitation, .account: nil
        }
    }
}

extension SignInEndpoint.Outcome {
    /// Whether what waited is an authorization, as far as that is known.
    package var isOfAuthorization: Bool {
        switch self {
        case .wrong(let prompt), .wait(_, let prompt), .outdated(let prompt, _, _): prompt.isForAuthorization
        case .signedIn(_, .authorization), .moved(.authorization), .expired: true
        case .signedIn, .moved, .invalid: false
        }
    }
}

extension InteractionSeal.Waiting {
    /// The name that the client expects to sign in.
    fileprivate var hint: String? {
        guard case .authorization(let parameters, _, _) = self else { return nil }
        return (try? AuthorizationDraft(parameters))?.loginHint
    }

    fileprivate var prompt: SignInEndpoint.Prompt {
        switch self {
        case .authorization(_, let client, _), .consent(_, let client):
            .init(client: client, isForAccount: false, isForAuthorization: true)
        case .elicitation: .init(client: nil, isForAccount: false, isForAuthorization: false)
        case .account: .init(client: nil, isForAccount: true, isForAuthorization: false)
        }
    }
}
