package import AuthorizationServer
package import HummingbirdTesting
package import JOSE
import NIOCore
import OAuth
package import Outbound
package import Storage
package import TestSupport

/// The steps of a sign-in at an identity provider.
package struct UpstreamSteps: Sendable {
    let harness: Harness

    /// A browser that was sent to the provider: what the provider learns of the request.
    package struct Departure: Sendable {
        /// The page that sent the browser on.
        package let page: TestResponse
        /// The parameters of the authentication request.
        package let query: [String: [String]]
        /// Makes a departure.
        package init(page: TestResponse, query: [String: [String]]) {
            self.page = page
            self.query = query
        }

        /// Binds the callback to the browser's attempt.
        package var state: String { query["state"]?.first ?? "" }
        /// Binds the ID token to the attempt.
        package var nonce: String { query["nonce"]?.first ?? "" }
    }

    private var administration: Administration {
        Administration(
            store: harness.gatehouse.store, keys: harness.gatehouse.keys,
            providers: ProviderClient(
                issuer: harness.gatehouse.settings.issuer, outbound: OperatorClient(deadline: .seconds(20))),
            clock: harness.clock.wall)
    }

    /// Runs a request about identity providers.
    @discardableResult
    package func run(_ request: IdentityProviderRequest) async throws -> AdministrationAnswer {
        try await run(.identityProviders(request))
    }

    /// Runs any request, with the connections to the outside that a server has.
    @discardableResult
    package func run(_ request: AdministrationRequest) async throws -> AdministrationAnswer {
        try await administration.run(request, by: Administrator(uid: 1000, claimed: nil))
    }

    /// Whether the administration refuses what `attempt` does.
    package func isRefused(_ attempt: () async throws -> Void) async throws -> Bool {
        do {
            try await attempt()
            return false
        } catch is AdministrationError {
            return true
        }
    }

    /// Registers a provider.
    @discardableResult
    package func add(
        _ provider: LoopbackIdentityProvider, as name: String = "corp",
        _ change: (inout IdentityProviderDraft) -> Void = { _ in }
    ) async throws -> AdministrationAnswer {
        var draft = IdentityProviderDraft(name: name, issuer: provider.issuer, clientID: "gatehouse")
        draft.clientSecret = "upstream-secret-canary"
        change(&draft)
        return try await run(.add(draft))
    }

    /// Presses the provider's button of a sign-in page.
    package func depart(
        _ browser: TestBrowser, from page: TestResponse, to provider: String = "corp"
    ) async throws -> Departure {
        let answer = try await browser.post(
            "/sign-in", [("interaction", page.input("interaction") ?? ""), ("provider", provider)])
        return Departure(page: answer, query: FormText.decode(queryOf: answer.continuation ?? ""))
    }

    /// An ID token for a departure. In `claims` and `header` nil removes a member and a value replaces or adds one.
    package func idToken(
        _ departure: Departure, of provider: LoopbackIdentityProvider, subject: String = "ada-upstream",
        _ claims: [String: JSON?] = [:], header: [String: JSON?] = [:], key: SigningKey? = nil
    ) throws -> String {
        let now = harness.clock.now
        var body: JSONObject = [
            "iss": .string(provider.issuer), "sub": .string(subject), "aud": "gatehouse",
            "iat": .integer(now.seconds), "exp": .integer(now.seconds + 300), "nonce": .string(departure.nonce),
            "auth_time": .integer(now.seconds), "preferred_username": "ada.l", "name": "Ada Lovelace",
        ]
        for (name, value) in claims { body[name] = value }
        let key = key ?? provider.key
        var head: JSONObject = ["typ": "JWT", "alg": "ES256", "kid": .string(key.kid)]
        for (name, value) in header { head[name] = value }
        return try JWS.sign(header: head, payload: JSON.object(body).bytes, with: key)
    }

    /// Opens the callback as the provider's redirect would; nil removes a parameter.
    package func comeBack(
        _ browser: TestBrowser, _ departure: Departure, to provider: String = "corp", _ changes: [String: String?] = [:]
    ) async throws -> TestResponse {
        var answer: [String: String] = ["code": "code-canary", "state": departure.state]
        for (name, value) in changes { answer[name] = value }
        return try await browser.get(
            "/sign-in/\(provider)/callback?" + FormText.encode(answer.map { ($0.key, $0.value) }))
    }

    /// Signs in at the provider from a sign-in page to the callback's response.
    package func signIn(
        _ browser: TestBrowser, from page: TestResponse, at provider: LoopbackIdentityProvider,
        as subject: String = "ada-upstream", named name: String = "corp", _ claims: [String: JSON?] = [:]
    ) async throws -> TestResponse {
        let departure = try await depart(browser, from: page, to: name)
        provider.prepare(try idToken(departure, of: provider, subject: subject, claims))
        return try await comeBack(browser, departure, to: name)
    }

    /// Signs in at the provider for the account page.
    package func enter(
        _ browser: TestBrowser, at provider: LoopbackIdentityProvider, as subject: String = "ada-upstream",
        named name: String = "corp", _ claims: [String: JSON?] = [:]
    ) async throws -> TestResponse {
        try await signIn(
            browser, from: browser.get("/account"), at: provider, as: subject, named: name, claims)
    }

    /// Every user in the database, by name.
    package func users() async throws -> [User] {
        try await harness.gatehouse.store.read { try $0.users.list() }
    }

    /// The account of a subject of the provider.
    package func identity(
        _ subject: String = "ada-upstream", at provider: LoopbackIdentityProvider
    ) async throws -> UpstreamIdentity? {
        let issuer = try OpenIDIssuer(provider.issuer)
        return try await harness.gatehouse.store.read {
            try $0.upstreamIdentities.find(issuer: issuer, subject: subject)
        }
    }

    /// The browser login of a browser.
    package func login(_ browser: TestBrowser) async throws -> BrowserLogin? {
        guard let cookie = browser.cookies["gatehouse"], let bytes = Base64URL.decode(cookie) else { return nil }
        return try await harness.gatehouse.store.read { [now = harness.clock.now] in
            try $0.logins.find(digest: .sha256(bytes), now: now)?.login
        }
    }
}

extension Harness {
    /// The steps of a sign-in at an identity provider.
    package var upstream: UpstreamSteps { UpstreamSteps(harness: self) }
}

extension UpstreamSteps {
    /// Runs a test against a server with one identity provider.
    package static func withProvider(
        operators: OperatorClient = OperatorClient(deadline: .seconds(20)),
        adjust: @Sendable (inout Settings) throws -> Void = { _ in },
        change: @Sendable @escaping (inout IdentityProviderDraft) -> Void = { _ in },
        _ test: @Sendable @escaping (Harness, LoopbackIdentityProvider) async throws -> Void
    ) async throws {
        let provider = try await LoopbackIdentityProvider.start()
        try await Harness.run(operators: operators, adjust: adjust) { h in
            try await h.upstream.add(provider, change)
            try await test(h, provider)
        }
        try await provider.stop()
    }
}
