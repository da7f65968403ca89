import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

@Suite("Linking accounts at identity providers")
struct LinkedAccountTests {
    private func play(_ test: @Sendable @escaping (Harness, LoopbackIdentityProvider) async throws -> Void) async throws
    {
        try await UpstreamSteps.withProvider(change: { $0.accounts = ["link"] }, test)
    }

    /// A browser in which the first user is signed in by password.
    private func signedIn(_ h: Harness) async throws -> TestBrowser {
        let browser = h.browser()
        _ = try await h.signIn(browser, at: browser.get("/account"))
        return browser
    }

    /// Presses the button that links an account, and returns what the provider learns.
    private func depart(_ browser: TestBrowser, token: String? = nil) async throws -> UpstreamSteps.Departure {
        let page = try await browser.get("/account/sign-in")
        let answer = try await browser.post(
            "/account/sign-in", [("token", token ?? page.input("token") ?? ""), ("link", "corp")])
        return .init(page: answer, query: FormText.decode(queryOf: answer.continuation ?? ""))
    }

    @Test func `a signed-in user links an account, which then signs the user in, and unlinks it again`() async throws {
        try await play { h, provider in
            let browser = try await signedIn(h)
            let departure = try await depart(browser)
            provider.prepare(try h.upstream.idToken(departure, of: provider))
            let answer = try await h.upstream.comeBack(browser, departure)
            #expect(answer.status == .seeOther)
            #expect(try await h.upstream.identity(at: provider)?.userID == h.user.id)
            #expect(try await h.records(.identityLinked).map(\.user) == [h.user.id])
            let other = h.browser()
            #expect(try await h.upstream.enter(other, at: provider).status == .seeOther)
            #expect(try await h.upstream.login(other)?.userID == h.user.id)
            let page = try await browser.get("/account/sign-in")
            #expect(page.text.contains("Ada Lovelace"))
            let form = [("token", page.input("token") ?? ""), ("unlink", page.input("unlink") ?? "")]
            #expect(try await browser.post("/account/sign-in", form).status == .seeOther)
            #expect(try await h.upstream.identity(at: provider) == nil)
            #expect(try await h.upstream.login(other) == nil, "what the account began has ended")
            #expect(try await h.upstream.login(browser) != nil)
            #expect(try await h.records(.identityUnlinked).count == 1)
        }
    }

    @Test func `nobody links without a recent sign-in, without the form's token, or from another site`() async throws {
        try await play { h, _ in
            let browser = try await signedIn(h)
            let forged = try await depart(browser, token: "AAAA")
            #expect(forged.query.isEmpty && forged.page.headers[.location] == "http://localhost/account")
            let page = try await browser.get("/account/sign-in")
            let form = [("token", page.input("token") ?? ""), ("link", "corp")]
            let crossSite = try await browser.post(
                "/account/sign-in", form, headers: [.origin: "https://evil.example"])
            #expect(crossSite.status == .forbidden)
            h.clock.advance(by: 901)
            let stale = try await depart(browser)
            #expect(stale.page.status == .forbidden && stale.page.isPage("sign-in") && stale.query.isEmpty)
            let stranger = h.browser()
            #expect(try await stranger.get("/account/sign-in").status == .seeOther)
            #expect(try await h.gatehouse.store.read { try $0.signInAttempts.count() } == 0)
        }
    }

    @Test func `the callback of a link counts in the login that began it alone`() async throws {
        try await play { h, provider in
            let bob = try await h.addUser("bob")
            let browser = try await signedIn(h)
            let departure = try await depart(browser)
            provider.prepare(try h.upstream.idToken(departure, of: provider, subject: "mallory"))
            // The same browser, in which somebody else has signed in meanwhile.
            let anew = try await h.authorize(browser, h.request(["prompt": "login"]))
            _ = try await h.signIn(browser, at: anew, as: "bob")
            #expect(try await h.upstream.comeBack(browser, departure).status == .forbidden)
            #expect(try await h.upstream.identity("mallory", at: provider) == nil)
            #expect(try await h.gatehouse.store.read { try $0.upstreamIdentities.list(of: bob.id) }.isEmpty)
        }
    }

    @Test func `a form written by hand links no account of a provider that needs invitations`() async throws {
        let change: @Sendable (inout IdentityProviderDraft) -> Void = { $0.accounts = ["invited"] }
        try await UpstreamSteps.withProvider(change: change) { h, provider in
            let browser = try await signedIn(h)
            #expect(try await !browser.get("/account/sign-in").text.contains("name=\"link\""))
            let departure = try await depart(browser)
            provider.prepare(try h.upstream.idToken(departure, of: provider))
            #expect(try await h.upstream.comeBack(browser, departure).status == .seeOther)
            #expect(try await h.upstream.identity(at: provider) == nil)
        }
    }

    @Test func `unlinking an account takes the groups along that it brought`() async throws {
        let change: @Sendable (inout IdentityProviderDraft) -> Void = {
            $0.accounts = ["link"]
            $0.groupClaim = ["groups"]
        }
        try await UpstreamSteps.withProvider(change: change) { h, provider in
            let corp = try GroupSource(provider: ProviderName("corp"))
            _ = try await h.gatehouse.store.write { [now = h.clock.now] transaction in
                try transaction.groups.insert(Group(name: "eng", source: corp, claim: "eng", createdAt: now))
            }
            func groups() async throws -> [String] {
                try await h.gatehouse.store.read { [id = h.user.id] in try $0.groups.memberships(of: id) }
                    .map(\.group.name)
            }
            let browser = try await signedIn(h)
            let departure = try await depart(browser)
            provider.prepare(try h.upstream.idToken(departure, of: provider, ["groups": ["eng"]]))
            _ = try await h.upstream.comeBack(browser, departure)
            #expect(try await groups() == ["eng"])
            let page = try await browser.get("/account/sign-in")
            let form = [("token", page.input("token") ?? ""), ("unlink", page.input("unlink") ?? "")]
            _ = try await browser.post("/account/sign-in", form)
            #expect(try await groups().isEmpty)
        }
    }

    @Test func `a change of the password makes a login of a provider no fresher`() async throws {
        try await play { h, provider in
            let browser = try await signedIn(h)
            let departure = try await depart(browser)
            provider.prepare(try h.upstream.idToken(departure, of: provider))
            _ = try await h.upstream.comeBack(browser, departure)
            let other = h.browser()
            _ = try await h.upstream.enter(other, at: provider)
            let before = try #require(try await h.upstream.login(other)).authentication
            h.clock.advance(by: 600)
            let account = try await other.get("/account")
            let answer = try await other.post(
                "/account",
                [
                    ("token", account.input("token") ?? ""), ("step", "password"), ("current", Harness.password),
                    ("new", "another long password"), ("again", "another long password"),
                ])
            #expect(answer.status == .seeOther)
            #expect(try await h.upstream.login(other)?.authentication == before)
            #expect(try await h.records(.passwordChanged).count == 1)
        }
    }

    @Test func `an account of another user is not linked`() async throws {
        try await play { h, provider in
            let bob = try await h.addUser("bob")
            let issuer = try OpenIDIssuer(provider.issuer)
            try await h.gatehouse.store.write { [now = h.clock.now] in
                _ = try $0.upstreamIdentities.record(
                    UpstreamIdentity(
                        issuer: issuer, subject: "ada-upstream", userID: bob.id, provider: try ProviderName("corp"),
                        name: nil, email: nil, createdAt: now))
            }
            let browser = try await signedIn(h)
            let departure = try await depart(browser)
            provider.prepare(try h.upstream.idToken(departure, of: provider))
            let answer = try await h.upstream.comeBack(browser, departure)
            let location = try #require(answer.headers[.location]).dropFirst("http://localhost".count)
            let account = try await browser.get(String(location.prefix { $0 != "#" }))
            #expect(account.element("notice")?.contains("belongs to another user") == true)
            #expect(try await h.upstream.identity(at: provider)?.userID == bob.id)
            #expect(try await h.records(.identityLinked).isEmpty)
        }
    }

    @Test func `a user sees the browsers that are signed in, and signs out any other one, but none of another user`()
        async throws
    {
        try await play { h, _ in
            let bob = try await h.addUser("bob")
            let (here, there, foreign) = (try await signedIn(h), try await signedIn(h), h.browser())
            _ = try await h.signIn(foreign, at: foreign.get("/account"), as: "bob")
            let page = try await here.get("/account/sign-in")
            #expect(page.text.contains("This browser."))
            let own = try #require(try await h.upstream.login(here)).id
            let other = try #require(try await h.upstream.login(there)).id
            let bobs = try #require(try await h.upstream.login(foreign)).id
            #expect(page.text.contains("value=\"\(other)\"") && !page.text.contains("value=\"\(bobs)\""))
            func end(_ login: BrowserLoginID) async throws -> HTTPResponse.Status {
                let token = try await here.get("/account/sign-in").input("token") ?? ""
                return try await here.post("/account/sign-in", [("token", token), ("end", login.string)]).status
            }
            #expect(try await end(bobs) == .ok)
            #expect(try await end(own) == .ok)
            #expect(try await end(.random()) == .ok)
            #expect(try await h.upstream.login(foreign)?.userID == bob.id)
            #expect(try await end(other) == .seeOther)
            #expect(try await h.upstream.login(there) == nil)
            #expect(try await h.upstream.login(here) != nil)
            #expect(try await h.records(.personSignedOut).map(\.reason) == ["another browser"])
        }
    }

    @Test func `the last way to sign in stays`() async throws {
        try await UpstreamSteps.withProvider { h, provider in
            let browser = h.browser()
            _ = try await h.upstream.enter(browser, at: provider)
            let page = try await browser.get("/account/sign-in")
            let answer = try await browser.post(
                "/account/sign-in", [("token", page.input("token") ?? ""), ("unlink", page.input("unlink") ?? "")])
            #expect(answer.status == .conflict && answer.element("problem")?.contains("could not sign in") == true)
            #expect(try await h.upstream.identity(at: provider) != nil)
        }
    }

    @Test func `without passwords, a password is no way to sign in, and the account page has none to change`()
        async throws
    {
        let withoutPasswords: @Sendable (inout Settings) throws -> Void = { $0.signIn.password = false }
        try await UpstreamSteps.withProvider(adjust: withoutPasswords) { h, provider in
            let issuer = try OpenIDIssuer(provider.issuer)
            // The first user has a password from before, and one linked account.
            try await h.gatehouse.store.write { [now = h.clock.now, id = h.user.id] in
                _ = try $0.upstreamIdentities.record(
                    UpstreamIdentity(
                        issuer: issuer, subject: "ada-upstream", userID: id, provider: try ProviderName("corp"),
                        name: nil, email: nil, createdAt: now))
            }
            let browser = h.browser()
            _ = try await h.upstream.enter(browser, at: provider)
            let account = try await browser.get("/account")
            #expect(account.isPage("account") && account.input("current") == nil)
            let before = try await h.password()
            let change = [
                ("token", account.input("token") ?? ""), ("step", "password"), ("current", Harness.password),
                ("new", "another password"), ("again", "another password"),
            ]
            #expect(try await browser.post("/account", change).status == .badRequest)
            #expect(try await h.password() == before)
            let page = try await browser.get("/account/sign-in")
            let form = [("token", page.input("token") ?? ""), ("unlink", page.input("unlink") ?? "")]
            #expect(try await browser.post("/account/sign-in", form).status == .conflict)
            #expect(try await h.upstream.identity(at: provider) != nil)
        }
    }
}
