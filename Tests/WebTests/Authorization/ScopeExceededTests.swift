import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import Outbound
import ServerSupport
import Storage
import TestSupport
import Testing

@Suite("Scopes that a provider granted")
struct ScopeExceededTests {
    /// A server with a provider that the MCP server may use with `repo` and `user`, and a pending request for `repo`.
    private func play(
        sameAs: [String] = [], log: CapturedLog = CapturedLog(),
        _ test: @Sendable @escaping (Harness, LoopbackProvider, Asked, String) async throws -> Void
    ) async throws {
        let provider = try await LoopbackProvider.start()
        try await Harness.run(log: log.logger) { h in
            try await h.providers.add(provider)
            try await h.allow("repo user", sameAs: sameAs)
            let token = try await h.tokens().access
            try await test(h, provider, try await Asked(h.providers.ask(token)), token)
        }
        try await provider.stop()
    }

    private static func grant(_ scope: String) -> LoopbackProvider.Manner {
        .answering(
            "200 OK",
            body: """
                {"access_token":"access-canary","token_type":"Bearer","expires_in":3600,\
                "refresh_token":"refresh-canary","scope":"\(scope)"}
                """)
    }

    @Test(arguments: ["repo admin:org", "repo,admin:org", "admin:org", "repo user delete_repo", "Repo"])
    func `a grant beyond the allowed scopes fails as scope_exceeded, is revoked at the provider, and is not stored`(
        scope: String
    ) async throws {
        let log = CapturedLog()
        try await play(log: log) { h, provider, asked, token in
            provider.behave(Self.grant(scope))
            let browser = h.browser()
            let end = try await h.providers.comeBack(browser, state: h.providers.depart(browser, asked))
            #expect(end.status == .ok && end.text.contains("Not connected"))
            #expect(end.text.contains("hub granted more access than Team Files may have"))
            #expect(end.text.contains("revoked the access at hub"))
            let stored = try #require(try await h.stored(asked))
            #expect(stored.status == .failed && stored.reason == "scope_exceeded" && stored.content == nil)
            #expect(try await h.providers.connections().isEmpty)
            #expect(try await h.records(.connectionMade).isEmpty)
            #expect(provider.revocations.count == 1)
            #expect(provider.revocations.first?.contains("token=refresh-canary") == true)
            #expect(try await h.providers.exchange(token).error == "invalid_grant")
            #expect(log.lines.contains { $0.contains("granted more than 'providers allow'") })
            #expect(!log.lines.contains { $0.contains("canary") })
            let later = try await browser.get(asked.page)
            #expect(!later.text.contains("canary"))
        }
    }

    @Test(arguments: ["repo", "user repo", "repo,user", "repo  user"])
    func `a grant within the allowed scopes connects, whatever was requested and however it is separated`(
        scope: String
    ) async throws {
        try await play { h, provider, asked, token in
            provider.behave(Self.grant(scope))
            let browser = h.browser()
            let end = try await h.providers.comeBack(browser, state: h.providers.depart(browser, asked))
            #expect(end.text.contains("Connected"))
            #expect(try await h.providers.connections().count == 1 && provider.revocations.isEmpty)
            #expect(try await h.providers.exchange(token).status == .ok)
        }
    }

    @Test func `a scope that is granted by another name counts as the allowed one when --same-as says so`() async throws
    {
        for sameAs in [[], ["user=https://hub.example/auth/user", "user=openid"]] {
            try await play(sameAs: sameAs) { h, provider, asked, token in
                provider.behave(Self.grant("repo openid https://hub.example/auth/user"))
                let browser = h.browser()
                _ = try await h.providers.comeBack(browser, state: h.providers.depart(browser, asked))
                #expect(try await h.stored(asked)?.status == (sameAs.isEmpty ? .failed : .completed))
                #expect(try await h.providers.exchange(token).status == (sameAs.isEmpty ? .badRequest : .ok))
            }
        }
    }

    @Test func `a provider that refuses the revocation makes the page tell the user to remove the access`() async throws
    {
        try await play { h, provider, asked, _ in
            provider.behave(Self.grant("repo admin:org"))
            provider.refuseRevocations()
            let browser = h.browser()
            let end = try await h.providers.comeBack(browser, state: h.providers.depart(browser, asked))
            #expect(end.text.contains("in the settings of your account at hub"))
            #expect(try await h.stored(asked)?.reason == "scope_exceeded")
            #expect(try await h.providers.connections().isEmpty)
        }
    }

    @Test func `an exchange that finds more granted than is allowed by then ends the connection and revokes it there`()
        async throws
    {
        let log = CapturedLog()
        try await play(log: log) { h, provider, asked, token in
            provider.behave(Self.grant("repo user"))
            let browser = h.browser()
            _ = try await h.providers.comeBack(browser, state: h.providers.depart(browser, asked))
            #expect(try await h.providers.exchange(token).status == .ok)
            // `repo` alone was asked for, and is still allowed; the token can more.
            try await h.allow("repo")
            let refused = try await h.providers.exchange(token)
            #expect(refused.error == "invalid_grant")
            #expect(refused.json["error_description"]?.string?.contains("granted more than") == true)
            #expect(try await h.records(.connectionUsed).count == 1)
            let ended = try #require(try await h.providers.connections().first)
            #expect(ended.endReason == .scopeExceeded && ended.tokens == nil)
            let records = try await h.records(.connectionEnded)
            #expect(records.map(\.reason) == ["scope_exceeded"] && records.first?.correlation == ended.id.string)
            #expect(provider.revocations.count == 1)
            #expect(provider.revocations.first?.contains("token=refresh-canary") == true)
            #expect(log.lines.contains { $0.contains("granted more than 'providers allow'") })
            #expect(!log.lines.contains { $0.contains("canary") })
            // Allowing it again restores no token; the user has to connect again.
            try await h.allow("repo user")
            #expect(try await h.providers.exchange(token).error == "invalid_grant")
            #expect(provider.revocations.count == 1)
            _ = try await h.providers.connect(token, browser)
            #expect(try await h.providers.exchange(token).status == .ok)
        }
    }

    @Test
    func `the connection ends even if its provider refuses the revocation, and of many exchanges one ends it`()
        async throws
    {
        let log = CapturedLog()
        try await play(log: log) { h, provider, asked, token in
            provider.behave(Self.grant("repo user"))
            let browser = h.browser()
            _ = try await h.providers.comeBack(browser, state: h.providers.depart(browser, asked))
            provider.refuseRevocations()
            try await h.allow("repo")
            let errors = try await withThrowingTaskGroup(of: String?.self) { group in
                for _ in 1...8 { group.addTask { try await h.providers.exchange(token).error } }
                return try await group.reduce(into: Set<String?>()) { $0.insert($1) }
            }
            #expect(errors == ["invalid_grant"])
            #expect(try await h.providers.connections().first?.tokens == nil)
            #expect(try await h.records(.connectionEnded).count == 1 && provider.revocations.count == 1)
            #expect(log.lines.contains { $0.contains("could not be revoked at its provider") })
        }
    }

    @Test func `a renewal that brings more ends the connection and gives the tokens back`() async throws {
        try await play { h, provider, asked, token in
            provider.setLifetime(90)
            let browser = h.browser()
            _ = try await h.providers.comeBack(browser, state: h.providers.depart(browser, asked))
            provider.behave(Self.grant("repo admin:org"))
            h.clock.advance(by: 60)
            let refused = try await h.providers.exchange(token)
            #expect(refused.error == "invalid_grant")
            #expect(refused.json["error_description"]?.string?.contains("granted more than") == true)
            let ended = try #require(try await h.providers.connections().first)
            #expect(ended.endReason == .scopeExceeded && ended.tokens == nil)
            #expect(try await h.records(.connectionRefreshed).isEmpty)
            #expect(try await h.records(.connectionEnded).first?.reason == "scope_exceeded")
            #expect(provider.revocations.first?.contains("token=refresh-canary") == true)
            #expect(try await h.records(.connectionUsed).isEmpty)
        }
    }

    @Test func `a token that arrives after its permission was removed is revoked at the provider`() async throws {
        try await play { h, provider, asked, _ in
            let browser = h.browser()
            let state = try await h.providers.depart(browser, asked)
            let resource = h.resource.id
            try await h.gatehouse.store.write {
                _ = try $0.providers.removeRule(provider: ProviderName("hub"), resource: resource)
            }
            _ = try await h.providers.comeBack(browser, state: state)
            #expect(try await h.stored(asked)?.reason == "not_allowed")
            #expect(try await h.providers.connections().isEmpty && provider.revocations.count == 1)
        }
    }
}

extension Harness {
    /// Lets the first MCP server have these scopes of `hub`.
    fileprivate func allow(_ scope: String, sameAs: [String] = []) async throws {
        let administration = Administration(store: gatehouse.store, keys: gatehouse.keys, clock: clock.wall)
        _ = try await administration.run(
            .providers(.allow(provider: "hub", resource: resource.id.string, scope: scope, sameAs: sameAs)),
            by: Administrator(uid: 1000, claimed: nil))
    }
}
