import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import Storage
import StorageSupport
import TestSupport
import Testing

@Suite("A user who connects an account again keeps what was granted")
struct ConnectingAgainTests {
    private func play(
        _ test: @Sendable @escaping (Harness, LoopbackProvider, String) async throws -> Void
    ) async throws {
        let provider = try await LoopbackProvider.start()
        try await Harness.run { h in
            try await h.providers.add(provider)
            let token = try await h.tokens().access
            _ = try await h.providers.connect(token, h.browser())
            #expect(try await h.providers.connections().map(\.scope.string) == ["repo"])
            try await test(h, provider, token)
        }
        try await provider.stop()
    }

    /// Opens the page of a request for `scope`, approves it and returns the page and what the provider was asked for.
    private func depart(
        _ h: Harness, _ token: String, scope: String, _ browser: TestBrowser
    ) async throws -> (page: TestResponse, asked: [String], state: String) {
        let asked = try await Asked(h.providers.ask(token, scope: scope))
        let page = try await h.open(browser, asked)
        let query = FormText.decode(queryOf: try await h.press(browser, asked, "approve", at: page).continuation ?? "")
        return (page, query["scope"] ?? [], query["state"]?.first ?? "")
    }

    private func allow(_ h: Harness, _ scope: String, aliases: [ScopeAlias] = []) async throws {
        let rule = ProviderRule(
            provider: try ProviderName("hub"), resourceID: h.resource.id, scope: try ScopeSet(parsing: scope),
            aliases: aliases, createdAt: h.clock.now)
        try await h.gatehouse.store.write { try $0.providers.set(rule) }
    }

    private static func granting(_ scope: String) -> LoopbackProvider.Manner {
        .answering(
            "200 OK",
            body: #"{"access_token":"access-canary-9","token_type":"Bearer","expires_in":3600,"scope":"\#(scope)"}"#
        )
    }

    @Test func `the provider is asked for both, the page names both, and the new connection has both`() async throws {
        try await play { h, provider, token in
            let browser = h.browser()
            let (page, asked, state) = try await depart(h, token, scope: "user", browser)
            #expect(page.text.contains(">user</code>") && page.text.contains(">repo</code>"))
            #expect(asked == ["user repo"])
            provider.behave(Self.granting("repo user"))
            #expect(try await h.providers.comeBack(browser, state: state).status == .ok)
            let live = try await h.providers.connections().filter { $0.endedAt == nil }
            let both = try ScopeSet(parsing: "user repo")
            #expect(live.map(\.asked) == [both])
            #expect(try await h.providers.exchange(token).json["scope"] == "repo user")
        }
    }

    @Test func `a scope that is not allowed any more, or that the user never granted, is not asked again`() async throws
    {
        try await play { h, provider, token in
            let browser = h.browser()
            let (_, _, state) = try await depart(h, token, scope: "repo user", browser)
            provider.behave(Self.granting("repo"))
            _ = try await h.providers.comeBack(browser, state: state)
            try await allow(h, "repo user mail")
            #expect(try await depart(h, token, scope: "mail", browser).asked == ["mail repo"])
            try await allow(h, "user mail")
            #expect(try await depart(h, token, scope: "mail user", browser).asked == ["mail user"])
        }
    }

    @Test func `a connection with less than was asked is asked for again at once, and one with everything is not`()
        async throws
    {
        try await play { h, provider, token in
            let browser = h.browser()
            let (_, _, state) = try await depart(h, token, scope: "repo user", browser)
            provider.behave(Self.granting("repo"))
            _ = try await h.providers.comeBack(browser, state: state)
            h.clock.advance(by: 1)
            let again = try await h.providers.ask(token, scope: "repo user")
            #expect(again.status == .created && again.json["status"] == "pending", "\(again.text)")
            let asked = Asked(again)
            let page = try await h.open(browser, asked)
            let query = FormText.decode(
                queryOf: try await h.press(browser, asked, "approve", at: page).continuation ?? "")
            provider.behave(Self.granting("repo user"))
            _ = try await h.providers.comeBack(browser, state: query["state"]?.first ?? "")
            let known = try await h.providers.ask(token, scope: "repo user")
            #expect(known.json["id"]?.string == asked.id && known.json["status"] == "completed")
        }
    }

    @Test func `another user's connection adds nothing`() async throws {
        try await play { h, _, _ in
            _ = try await h.addUser("bob")
            let bob = h.browser()
            _ = try await h.open(bob, Asked(id: "eli_x", page: "http://localhost/e/x"), as: "bob")
            #expect(try await depart(h, h.tokens(bob).access, scope: "user", bob).asked == ["user"])
        }
    }

    @Test func `an exchange for scopes gets the token if the connection has them, and says what to do if not`()
        async throws
    {
        try await play { h, provider, token in
            let good = try await h.providers.exchange(token, ["scope": "repo"])
            #expect(good.status == .ok && good.json["scope"] == "repo")
            let used = try await h.records(.connectionUsed).count
            for scope in ["user", "repo user", "other"] {
                let answer = try await h.providers.exchange(token, ["scope": scope])
                #expect(answer.status == .badRequest && answer.error == "invalid_scope")
                #expect(answer.json["access_token"] == nil)
                let missing = scope.replacing("repo ", with: "")
                #expect(
                    answer.json["error_description"]?.string
                        == "The connection at hub lacks \(missing). Ask the user to connect the account for it, or omit the scope."
                )
            }
            #expect(try await h.providers.exchange(token, ["scope": "re\"po"]).error == "invalid_scope")
            #expect(try await h.records(.connectionUsed).count == used)
            #expect(provider.tokenRequests.count == 1)
            try await allow(h, "repo user", aliases: [ScopeAlias(Scope("user"), grantedAs: Scope("repo"))])
            #expect(try await h.providers.exchange(token, ["scope": "user"]).status == .ok, "granted by another name")
        }
    }
}
