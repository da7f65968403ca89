package import JOSE
import OAuth

/// Takes name and password from the sign-in page and goes on with the request that waited in it.
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
        case signedIn(cookie: Secret, next: AuthorizeOutcome)
        /// Name or password is not right: the page again, with the same request and who asks.
        case wrong(client: String?)
        /// Too many tries: the page again, with the seconds to wait.
        case wait(Int64, client: String?)
        /// The request that waited is too old, was altered or belongs to another browser.
        case stale
    }

    /// Answers the form. The sealed request is opened first, so that a form from elsewhere never tests a password.
    package func submit(username: String, password: Secret, token: String, browser: Browser) async throws -> Outcome {
        guard let waiting = seal.open(token, for: browser, now: clock.now()) else { return .stale }
        switch try await people.signIn(username: username, password: password, browser: browser) {
        case .wrong: return .wrong(client: waiting.client)
        case .wait(let seconds): return .wait(seconds, client: waiting.client)
        case .signedIn(let person, let cookie):
            let next = try await authorize.resume(waiting.parameters, person: person, browser: browser)
            return .signedIn(cookie: cookie, next: next)
        }
    }
}
