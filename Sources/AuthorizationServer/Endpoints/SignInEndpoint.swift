package import JOSE
package import OAuth
import Storage

/// Takes name and password from the sign-in page and goes on with what waited in it.
package struct SignInEndpoint: Sendable {
    /// The most that the request in the page may measure once it is sealed.
    package static let longestToken = InteractionSeal.longest

    let people: People
    let seal: InteractionSeal
    let authorize: AuthorizeEndpoint
    let clock: WallClock

    /// What became of the form.
    package enum Outcome: Sendable {
        /// Signed in; the browser gets `cookie` and goes where the request leads.
        case signedIn(cookie: Secret, next: Next)
        /// Name or password is not right: the page again, with what it said before.
        case wrong(Prompt)
        /// Too many tries: the page again, with the seconds to wait.
        case wait(Int64, Prompt)
        /// The request that waited is too old, was altered or belongs to another browser.
        case stale
    }

    /// Where a browser goes that has signed in.
    package enum Next: Sendable {
        case authorization(AuthorizeOutcome)
        case elicitation(ElicitationPageID)
        /// The page of one's own account, perhaps for the second time.
        case account(UserID, isAgain: Bool)
    }

    /// What the sign-in page says of why somebody is there.
    package struct Prompt: Sendable {
        /// Who asks, for an authorization request.
        package let client: String?
        /// The person came for the page of their own account.
        package let isForAccount: Bool
    }

    /// Answers the form. The sealed request is opened first, so that a form from elsewhere never tests a password.
    package func submit(username: String, password: Secret, token: String, browser: Browser) async throws -> Outcome {
        guard let waiting = seal.open(token, for: browser, now: clock.now()) else {
            authorize.timelines.begin(for: browser, clock: clock).note(.signInLost)
            return .stale
        }
        let attempt = attempt(waiting, browser)
        switch try await verdict(username, password, browser, attempt) {
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
                return .signedIn(cookie: cookie, next: .account(person.user.id, isAgain: isAgain))
            }
        }
    }

    private func verdict(
        _ username: String, _ password: Secret, _ browser: Browser, _ attempt: Attempt?
    ) async throws -> People.SignInVerdict {
        do {
            return try await people.signIn(username: username, password: password, browser: browser)
        } catch {
            attempt?.note(.failed)
            throw error
        }
    }

    /// The authorization that waits in the page, if one does.
    private func attempt(_ waiting: InteractionSeal.Waiting, _ browser: Browser) -> Attempt? {
        switch waiting {
        case .authorization(_, _, let reference):
            authorize.timelines.resume(reference.map(AttemptTimeline.Key.reference), for: browser, clock: clock)
        case .consent(let id, _): authorize.timelines.resume(.interaction(id), for: browser, clock: clock)
        case .elicitation, .account: nil
        }
    }
}

extension InteractionSeal.Waiting {
    fileprivate var prompt: SignInEndpoint.Prompt {
        switch self {
        case .authorization(_, let client, _), .consent(_, let client): .init(client: client, isForAccount: false)
        case .elicitation: .init(client: nil, isForAccount: false)
        case .account: .init(client: nil, isForAccount: true)
        }
    }
}
