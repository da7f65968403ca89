import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

@Suite("OpenID Connect Back-Channel Logout §2.7 Logouts at an identity provider")
struct UpstreamLogoutTests {
    private static let event = "http://schemas.openid.net/event/backchannel-logout"

    /// Sends a logout token. In `claims` nil removes a member and a value replaces or adds one.
    private func send(
        _ h: Harness, _ provider: LoopbackIdentityProvider, _ claims: [String: JSON?] = [:],
        token: String = Random.token(9), key: SigningKey? = nil, type: String = "logout+jwt"
    ) async throws -> TestResponse {
        let now = h.clock.now.seconds
        var body: JSONObject = [
            "iss": .string(provider.issuer), "aud": "gatehouse", "sub": "ada-upstream", "jti": .string(token),
            "iat": .integer(now), "exp": .integer(now + 120), "events": .object([Self.event: [:]]),
        ]
        for (name, value) in claims { body[name] = value }
        let key = key ?? provider.key
        let header: JSONObject = ["typ": .string(type), "alg": "ES256", "kid": .string(key.kid)]
        let compact = try JWS.sign(header: header, payload: body.bytes, with: key)
        return try await h.send("/sign-in/corp/logout", [("logout_token", compact)])
    }

    @Test func `a logout ends the browser logins of the account, and leaves sessions and the logins of others`()
        async throws
    {
        try await UpstreamSteps.withProvider { h, provider in
            let (one, two, other) = (h.browser(), h.browser(), h.browser())
            for browser in [one, two] { _ = try await h.upstream.enter(browser, at: provider) }
            _ = try await h.upstream.enter(other, at: provider, as: "bea", ["preferred_username": "bea"])
            let user = try #require(try await h.upstream.identity(at: provider)).userID
            let account = try #require(try await h.gatehouse.store.read { try $0.users.find(id: user) })
            let session = try await h.fixtures.insertSession(account)
            let answer = try await send(h, provider)
            #expect(answer.status == .ok && answer.headers[.cacheControl] == "no-store")
            #expect(try await h.upstream.login(one) == nil)
            #expect(try await h.upstream.login(two) == nil)
            #expect(try await h.upstream.login(other) != nil)
            #expect(try await h.gatehouse.store.read { try $0.sessions.find(session.id) }?.state == .active)
            #expect(
                try await h.records(.personSignedOut).map(\.reason) == [
                    "identity provider corp", "identity provider corp",
                ])
        }
    }

    @Test func `a logout of one session at the provider ends that session's login alone`() async throws {
        try await UpstreamSteps.withProvider { h, provider in
            let (one, two) = (h.browser(), h.browser())
            _ = try await h.upstream.enter(one, at: provider, ["sid": "s-1"])
            _ = try await h.upstream.enter(two, at: provider, ["sid": "s-2"])
            #expect(try await send(h, provider, ["sid": "s-1", "sub": nil]).status == .ok)
            #expect(try await h.upstream.login(one) == nil)
            #expect(try await h.upstream.login(two) != nil)
        }
    }

    @Test func `a login that the user renewed by password no longer ends with the provider's`() async throws {
        try await UpstreamSteps.withProvider { h, provider in
            let browser = h.browser()
            _ = try await h.upstream.enter(browser, at: provider)
            let user = try #require(try await h.upstream.identity(at: provider)).userID
            try await h.gatehouse.store.write { [now = h.clock.now, hash = h.credential.data] in
                try $0.credentials.setPassword(hash, of: user, now: now)
            }
            let anew = try await h.authorize(browser, h.request(["prompt": "login"]))
            _ = try await h.signIn(browser, at: anew, as: "ada.l@corp")
            #expect(try await send(h, provider).status == .ok)
            #expect(try await h.upstream.login(browser) != nil)
        }
    }

    @Test func `where the policy says so, a logout revokes the sessions of the account`() async throws {
        let change: @Sendable (inout IdentityProviderDraft) -> Void = { $0.logout = ["sessions"] }
        try await UpstreamSteps.withProvider(change: change) { h, provider in
            _ = try await h.upstream.enter(h.browser(), at: provider)
            let user = try #require(try await h.upstream.identity(at: provider)).userID
            let account = try #require(try await h.gatehouse.store.read { try $0.users.find(id: user) })
            let (own, foreign) = (
                try await h.fixtures.insertSession(account), try await h.fixtures.insertSession(h.user)
            )
            #expect(try await send(h, provider).status == .ok)
            let found = try await h.gatehouse.store.read { try $0.sessions.find(own.id) }
            #expect(found?.state == .ended)
            #expect(try await h.records(.sessionEnded).map(\.reason) == ["signed_out_upstream"])
            #expect(try await h.gatehouse.store.read { try $0.sessions.find(foreign.id) }?.state == .active)
        }
    }

    @Test func `a logout revokes the sessions of an account whose browser login has ended already`() async throws {
        let change: @Sendable (inout IdentityProviderDraft) -> Void = { $0.logout = ["sessions"] }
        try await UpstreamSteps.withProvider(change: change) { h, provider in
            _ = try await h.upstream.enter(h.browser(), at: provider, ["sid": "s-1"])
            let user = try #require(try await h.upstream.identity(at: provider)).userID
            let account = try #require(try await h.gatehouse.store.read { try $0.users.find(id: user) })
            let session = try await h.fixtures.insertSession(account, lasting: 200_000)
            try await h.gatehouse.store.write { _ = try $0.logins.endAll(of: user) }
            #expect(try await send(h, provider, ["sid": "s-1"]).status == .ok)
            #expect(try await h.gatehouse.store.read { try $0.sessions.find(session.id) }?.state == .ended)
        }
    }

    @Test func `a logout token with a session alone revokes the sessions of its account after the browser login ended`()
        async throws
    {
        let change: @Sendable (inout IdentityProviderDraft) -> Void = { $0.logout = ["sessions"] }
        try await UpstreamSteps.withProvider(change: change) { h, provider in
            _ = try await h.upstream.enter(h.browser(), at: provider, ["sid": "s-1"])
            _ = try await h.upstream.enter(h.browser(), at: provider, as: "bea", ["sid": "s-2"])
            var sessions: [Session] = []
            for subject in ["ada-upstream", "bea"] {
                let user = try #require(try await h.upstream.identity(subject, at: provider)).userID
                let account = try #require(try await h.gatehouse.store.read { try $0.users.find(id: user) })
                sessions.append(try await h.fixtures.insertSession(account, lasting: 200_000))
                try await h.gatehouse.store.write { _ = try $0.logins.endAll(of: user) }
            }
            func states() async throws -> [Session.State] {
                try await h.gatehouse.store.read { [sessions] transaction in
                    try sessions.compactMap { try transaction.sessions.find($0.id)?.state }
                }
            }
            #expect(try await send(h, provider, ["sid": "s-3", "sub": nil]).status == .ok)
            #expect(try await states() == [.active, .active])
            #expect(try await send(h, provider, ["sid": "s-1", "sub": nil]).status == .ok)
            #expect(try await states() == [.ended, .active])
        }
    }

    @Test func `a login whose session at the provider is unknown ends with its account`() async throws {
        try await UpstreamSteps.withProvider { h, provider in
            let browser = h.browser()
            _ = try await h.upstream.enter(browser, at: provider)
            #expect(try await send(h, provider, ["sid": "s-1"]).status == .ok)
            #expect(try await h.upstream.login(browser) == nil)
        }
    }

    @Test func `a logout token counts once, and a forged one never`() async throws {
        try await UpstreamSteps.withProvider { h, provider in
            let browser = h.browser()
            _ = try await h.upstream.enter(browser, at: provider)
            let forgeries: [[String: JSON?]] = [
                ["iss": "https://evil.example"], ["aud": "other"], ["exp": 1], ["iat": 1], ["jti": nil],
                ["events": nil], ["events": [:]], ["nonce": "n"], ["sub": nil],
            ]
            for forgery in forgeries {
                #expect(try await send(h, provider, forgery).status == .badRequest, "\(forgery)")
            }
            #expect(try await send(h, provider, key: .generate()).status == .badRequest)
            #expect(try await send(h, provider, type: "at+jwt").status == .badRequest)
            for text in ["", "a.b.c", "none"] {
                #expect(try await h.send("/sign-in/corp/logout", [("logout_token", text)]).status == .badRequest)
            }
            #expect(try await h.send("/sign-in/other/logout", [("logout_token", "a.b.c")]).status == .badRequest)
            #expect(try await h.upstream.login(browser) != nil)
            #expect(try await h.records(.personSignedOut).isEmpty)

            #expect(try await send(h, provider, token: "j-1").status == .ok)
            _ = try await h.upstream.enter(browser, at: provider)
            #expect(try await send(h, provider, token: "j-1").status == .badRequest)
            #expect(try await h.upstream.login(browser) != nil)
        }
    }
}
