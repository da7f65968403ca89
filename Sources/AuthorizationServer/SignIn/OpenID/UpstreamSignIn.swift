import JOSE
package import OAuth
import Outbound
import Storage

/// Signs users in at identity providers: sends the browser there, and accepts the one callback that belongs to it.
///
/// Spec: OpenID Connect Core §3.1
package struct UpstreamSignIn: Sendable {
    let store: Store
    /// The endpoint of the sign-in page, whose waiting request goes on after the callback.
    let page: SignInEndpoint
    let client: ProviderClient
    let keySets: ClientKeySets
    let vault: ConnectionVault
    let standing: StandingRule
    let limit: SourceLimit
    let lines: DeduplicatedLog

    var people: SignInService { page.people }
    var clock: WallClock { page.clock }

    /// What the browser is shown.
    package enum Outcome: Sendable {
        /// The browser goes on to the identity provider at this address; `isOfAuthorization` tells what it is for.
        case leaving(String, isOfAuthorization: Bool)
        /// As after the form of the sign-in page: the user is signed in, or the page expired.
        case page(SignInEndpoint.Outcome)
        /// Nobody was signed in: the sign-in page again, with the reason.
        case refused(UpstreamProblem, at: ProviderName, SignInEndpoint.Prompt, token: String)
        /// The callback belongs to no attempt of this browser: one answer for all.
        case notYours
        /// The account at the provider did not take the link of an invitation or a reset, for this reason.
        case notTaken(UpstreamProblem, at: ProviderName)
        /// The account at the provider was linked to this user, or was not for this reason.
        case linked(UserID, ProviderName, UpstreamProblem?)
    }

    /// The names of the identity providers that the sign-in page offers.
    package func offered() async throws -> [ProviderName] {
        try await store.read { try $0.identityProviders.names() }
    }

    /// Handles a button of the sign-in page. The page's sealed request stays here until the callback.
    package func begin(_ form: Parameters, browser: Browser) async throws -> Outcome {
        try await begin(
            at: form.value("provider") ?? "", token: form.value("interaction") ?? "", hint: nil, browser: browser)
    }

    /// Begins a sign-in for the request of a page; `hint` is the address that the user typed.
    func begin(at name: String, token: String, hint: String?, browser: Browser) async throws -> Outcome {
        try limit.check(RequestSource(address: browser.address), now: clock.now())
        switch try await page.open(token, browser: browser) {
        case .unusable(let outcome): return .page(outcome)
        case .current(let waiting, _):
            let isAgain = try await isSignedInThere(browser, for: waiting)
            let demand = UpstreamDemand(of: waiting, isSignedIn: isAgain).hinting(at: hint)
            guard let start = try await start(at: name, token: token, demand, in: nil, browser) else {
                throw OAuthError(.invalidRequest, "This way to sign in does not exist any more. Start again.")
            }
            return .leaving(start, isOfAuthorization: waiting.prompt.purpose == .authorization)
        }
    }

    /// Whether the browser has a login that is enough for the request except for its age. One from elsewhere than the provider that the
    /// MCP server requires is not: that sign-in is the first one there, of which nobody demands that it be anew.
    private func isSignedInThere(_ browser: Browser, for waiting: InteractionSeal.Waiting) async throws -> Bool {
        guard let person = try await people.signedIn(browser, now: clock.now()) else { return false }
        let settings = page.authorize.settings
        return try await store.read { transaction in
            guard let resource = try SignInWays.resource(of: waiting, settings, transaction) else { return true }
            return try RequiredProvider.isMet(by: person.login.id, at: resource, in: transaction)
        }
    }

    /// Begins to link an account at a provider to a user whose sign-in here is recent. The caller has checked the form's token.
    package func beginLinking(_ name: String, by person: SignedIn, browser: Browser) async throws -> String? {
        let token = try page.seal.seal(.account(isAgain: false), for: browser, now: clock.now())
        return try await start(at: name, token: token, UpstreamDemand(isAnew: false), in: person.login.id, browser)
    }

    /// Begins the sign-in that takes a link, for the account page. The caller has checked the link.
    func beginTaking(_ link: Digest, by taker: AccountLink.Taker, browser: Browser) async throws -> String? {
        let now = clock.now()
        try limit.check(RequestSource(address: browser.address), now: now)
        let token = try page.seal.seal(.account(isAgain: false), for: browser, now: now)
        let demand = UpstreamDemand(isAnew: false, hint: taker.email)
        return try await start(at: taker.provider.string, token: token, demand, in: nil, taking: link, browser)
    }

    /// Stores an attempt and returns the address of the authentication request; nil for an unknown provider.
    ///
    /// State, nonce and code verifier are made only now, so that a page that was merely shown leaves nothing to attack.
    private func start(
        at text: String, token: String, _ demand: UpstreamDemand, in login: BrowserLoginID?,
        taking link: Digest? = nil, _ browser: Browser
    ) async throws -> String? {
        guard let name = try? ProviderName(text) else { return nil }
        let now = clock.now()
        let state = Random.token()
        let outcome = try await store.write { [vault] transaction -> (IdentityProvider, ConnectionProof)?? in
            guard let provider = try transaction.identityProviders.find(name) else { return .some(nil) }
            let proof = ConnectionProof.random(for: provider.scope)
            let digest = Digest.sha256(state)
            let attempt = SignInAttempt(
                state: digest, provider: name, binding: browser.binding, browserLoginID: login,
                proof: try vault.seal(
                    UpstreamProof(proof, page: token, demand: demand, link: link), of: digest, in: transaction),
                createdAt: now)
            return try transaction.signInAttempts.insert(attempt) ? .some((provider, proof)) : nil
        }
        guard let outcome else {
            throw OAuthError(
                .temporarilyUnavailable, "Too many sign-ins are under way. Try again in a few minutes.")
        }
        return outcome.map { provider, proof in
            client.authorizationURL(
                provider.registration, scope: provider.scope, state: state, proof: proof,
                adding: demand.parameters(for: provider))
        }
    }
}

extension Gatehouse {
    /// Sign-in at identity providers.
    package var upstreamSignIn: UpstreamSignIn {
        UpstreamSignIn(
            store: store, page: signIn, client: connect.client.through(.signIn),
            keySets: resourceAuthentication.assertions.keySets, vault: connect.vault,
            standing: connect.standing, limit: upstreamLimit,
            lines: refusals)
    }
}
