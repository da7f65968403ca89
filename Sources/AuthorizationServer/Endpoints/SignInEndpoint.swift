package import JOSE
package import OAuth

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
        /// Name or password is not right: the page again, with the same request and who asks.
        case wrong(client: String?)
        /// Too many tries: the page again, with the seconds to wait.
        case wait(Int64, client: String?)
        /// The request that waited is too old, was altered or belongs to another browser.
        case stale
    }

    /// Where a browser goes that has signed in.
    package enum Next: Sendable {
        case authorization(AuthorizeOutcome)
        case elicitation(ElicitationPageID)
    }

    /// Answers the form. The sealed request is opened first, so that a form from elsewhere never tests a password.
    package func submit(username: String, password: Secret, token: String, browser: Browser) async throws -> Outcome {
        guard let waiting = seal.open(token, for: browser, now: clock.now()) else { return .stale }
        switch try await people.signIn(username: username, password: password, browser: browser) {
        case .wrong: return .wrong(client: waiting.client)
        case .wait(let seconds): return .wait(seconds, client: waiting.client)
        case .signedIn(let person, let cookie):
            switch waiting {
            case .authorization(let parameters, _):
                let outcome = try await authorize.resume(parameters, person: person, browser: browser)
                return .signedIn(cookie: cookie, next: .authorization(outcome))
            case .elicitation(let id): return .signedIn(cookie: cookie, next: .elicitation(id))
            }
        }
    }
}
