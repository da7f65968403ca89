import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

/// A browser login records how its user authenticated. These tests record methods that a password cannot reach.
@Suite("Tokens and fresh sign-ins follow the browser login")
struct LoginProofTests {
    private static let strong = AuthenticationContext(rawValue: "urn:example:strong")

    /// Records that the user of a browser authenticated in this way.
    private func prove(_ authentication: Authentication, in browser: TestBrowser, _ h: Harness) async throws {
        let cookie = try #require(browser.cookies["gatehouse"].flatMap(Base64URL.decode))
        let isRenewed = try await h.gatehouse.store.write { [now = h.clock.now] transaction in
            let digest = Digest.sha256(cookie)
            guard let login = try transaction.logins.find(digest: digest, now: now)?.login else { return false }
            return try transaction.logins.renew(browserLogin: login.id, digest: digest, authentication: authentication)
        }
        #expect(isRenewed)
    }

    private func strong(_ time: Timestamp) throws -> Authentication {
        Authentication(
            time: time, context: Self.strong, methods: [try #require(AuthenticationMethodReference(rawValue: "hwk"))],
            voucher: try OpenIDIssuer("https://people.example"))
    }

    @Test func `auth_time and acr of session, token and introspection are those of the login`() async throws {
        try await Harness.run { h in
            let browser = h.browser()
            let page = try await h.consentPage(browser, h.request())
            let time = h.clock.now + -50
            try await prove(try strong(time), in: browser, h)
            let answer = try await h.decide(browser, at: page)
            #expect(answer.continuation?.contains("code=") == true)
            let session = try #require(try await h.sessions().last)
            #expect(session.authTime == time && session.acr == Self.strong)
            let tokens = try await h.tokens(browser)
            let introspected = try await h.introspect(tokens.access)
            #expect(introspected["auth_time"]?.integer == time.seconds)
            #expect(introspected["acr"]?.string == Self.strong.rawValue)
            #expect(introspected["amr"] == nil, "no claim is new")
            let next = try await h.introspect(try await h.refresh(tokens.refresh).tokens.access)
            #expect(next["auth_time"]?.integer == time.seconds && next["acr"]?.string == Self.strong.rawValue)
        }
    }

    @Test func `a session keeps auth_time and acr of its approval`() async throws {
        try await Harness.run { h in
            let browser = h.browser()
            let tokens = try await h.tokens(browser)
            try await prove(try strong(h.clock.now), in: browser, h)
            let next = try await h.introspect(try await h.refresh(tokens.refresh).tokens.access)
            #expect(next["acr"]?.string == AuthenticationContext.password.rawValue)
        }
    }

    @Test func `only the login determines the age of a sign-in`() async throws {
        try await Harness.run { h in
            let browser = h.browser()
            _ = try await h.consentPage(browser, h.request())
            try await prove(try strong(h.clock.now + -100), in: browser, h)
            #expect(try await h.authorize(browser, h.request(["max_age": "100"])).status == .seeOther)
            #expect(try await h.authorize(browser, h.request(["max_age": "99"])).input("interaction") != nil)
        }
    }

    @Test func `§5 acr_values that the login does not meet lead to a new sign-in`() async throws {
        try await Harness.run { h in
            let browser = h.browser()
            _ = try await h.consentPage(browser, h.request())
            try await prove(try strong(h.clock.now), in: browser, h)
            let request = h.request(["acr_values": AuthenticationContext.password.rawValue])
            let asked = try await h.authorize(browser, request)
            #expect(asked.input("interaction") != nil)
            let page = try await h.consentPage(browser, request)
            #expect(try await h.decide(browser, at: page).continuation?.contains("code=") == true)
            #expect(try await h.sessions().map(\.acr) == [AuthenticationContext.password])
        }
    }

    @Test func `§5 an approval checks acr_values too, and a login that no longer meets them signs in again`()
        async throws
    {
        try await Harness.run { h in
            let browser = h.browser()
            let page = try await h.consentPage(
                browser, h.request(["acr_values": AuthenticationContext.password.rawValue]))
            try await prove(try strong(h.clock.now), in: browser, h)
            let asked = try await h.decide(browser, at: page)
            #expect(asked.input("interaction") != nil)
            #expect(try await h.sessions().isEmpty)
        }
    }

    @Test func `a password change leaves no stronger earlier method in the login`()
        async throws
    {
        try await Harness.run { h in
            let browser = h.browser()
            _ = try await h.consentPage(browser, h.request())
            try await prove(try strong(h.clock.now), in: browser, h)
            h.clock.advance(by: 10)
            let account = try await h.account(browser)
            let answer = try await h.step(
                browser, at: account, "password",
                [("current", Harness.password), ("new", "a much longer one"), ("again", "a much longer one")])
            #expect(answer.status == .seeOther)
            _ = try await h.tokens(browser)
            let session = try await h.sessions().last
            #expect(session?.acr == AuthenticationContext.password && session?.authTime == h.clock.now)
        }
    }

    @Test func `a sign-in records the use of the password and upgrades its hash`() async throws {
        try await Harness.run(hasher: PasswordHasher(cost: .standard)) { h in
            h.clock.advance(by: 30)
            let browser = h.browser()
            let page = try await h.authorize(browser, h.request())
            _ = try await h.signIn(browser, at: page, password: "wrong")
            #expect(try await h.password() == h.credential, "a failed try leaves no trace in the credential")
            _ = try await h.signIn(browser, at: page)
            let used = try #require(try await h.password())
            #expect(used.usedAt == h.clock.now && used.createdAt == h.credential.createdAt)
            #expect(used.data != h.credential.data && used.id == h.credential.id)
        }
    }
}
