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

@Suite("Tokens that a provider issued and Gatehouse does not keep")
struct UnkeptTokenTests {
    /// A server with a provider, a pending request to connect, and the user's access token.
    private func play(
        scope: String = "repo", lifetime: Int64 = 3600, log: CapturedLog = CapturedLog(),
        _ test: @Sendable @escaping (Harness, LoopbackProvider, Asked, String) async throws -> Void
    ) async throws {
        let provider = try await LoopbackProvider.start()
        provider.setLifetime(lifetime)
        try await Harness.run(log: log.logger) { h in
            try await h.providers.add(provider)
            try await h.gatehouse.store.write { [id = h.resource.id, now = h.clock.now] in
                try $0.providers.set(
                    ProviderRule(
                        provider: ProviderName("hub"), resourceID: id,
                        scope: ScopeSet(parsing: "repo user openid"), createdAt: now))
            }
            let token = try await h.tokens().access
            try await test(h, provider, try await Asked(h.providers.ask(token, scope: scope)), token)
            #expect(!log.lines.contains { $0.contains("canary") })
        }
        try await provider.stop()
    }

    /// The tokens that were revoked at the provider, each with its type hint.
    private func returned(_ provider: LoopbackProvider) -> [String] {
        provider.revocations.map { request in
            let form = FormText.decode(queryOf: "?" + (request.split(separator: "\r\n\r\n", maxSplits: 1).last ?? ""))
            return "\(form["token"]?.first ?? "") \(form["token_type_hint"]?.first ?? "")"
        }
    }

    @Test func `a grant that cannot be stored is revoked at the provider, and the request stays open`() async throws {
        try await play { h, provider, asked, token in
            let browser = h.browser()
            let state = try await h.providers.depart(browser, asked)
            provider.whenAsked { [folder = h.folder] in FaultyDisk.arm(folder, .full, after: 0) }
            let answer = try await h.providers.comeBack(browser, state: state)
            #expect(FaultyDisk.disarm(h.folder))
            #expect(answer.status == .serviceUnavailable)
            #expect(returned(provider) == ["refresh-canary-1 refresh_token"])
            #expect(try await h.providers.connections().isEmpty)
            #expect(try await h.stored(asked)?.status == .opened)
            provider.whenAsked {}
            _ = try await h.providers.comeBack(browser, state: h.providers.depart(browser, asked))
            #expect(try await h.providers.exchange(token).json["access_token"]?.string == "access-canary-2")
        }
    }

    @Test(
        arguments: [
            (#"{"access_token":"a-canary","refresh_token":"r-canary","token_type":"mac"}"#, "r-canary refresh_token"),
            (#"{"access_token":"a-canary","token_type":"mac"}"#, "a-canary access_token"),
            (#"{"refresh_token":"r-canary","token_type":"bearer"}"#, "r-canary refresh_token"),
            (#"{"access_token":"a-canary","token_type":"bearer","expires_in":-1}"#, "a-canary access_token"),
            (#"{"access_token":"a-canary","token_type":"bearer","scope":7}"#, "a-canary access_token"),
            (#"{"access_token":"a-canary","token_type":"bearer","error":"odd"}"#, "a-canary access_token"),
            (#"{"access_token":"a canary","token_type":"bearer"}"#, nil), ("[]", nil), ("", nil),
        ] as [(String, String?)])
    func `an answer that cannot be used has the token in it revoked`(body: String, expected: String?) async throws {
        for status in ["200 OK", "201 Created"] {
            try await play { h, provider, asked, _ in
                let browser = h.browser()
                let state = try await h.providers.depart(browser, asked)
                provider.behave(.answering(status, body: body))
                let end = try await h.providers.comeBack(browser, state: state)
                #expect(end.status == .ok && end.isPage("elicitation-end") && !end.text.contains("canary"))
                #expect(try await h.stored(asked)?.status == .failed)
                #expect(try await h.providers.connections().isEmpty)
                #expect(returned(provider) == [expected].compactMap { $0 })
            }
        }
    }

    @Test
    func `a grant whose ID token belongs to another attempt is revoked, and the page says when that fails`()
        async throws
    {
        for isTaken in [true, false] {
            try await play(scope: "openid repo") { h, provider, asked, _ in
                let browser = h.browser()
                let state = try await h.providers.depart(browser, asked)
                if !isTaken { provider.refuseRevocations() }
                let end = try await h.providers.comeBack(browser, state: state)
                let stored = try #require(try await h.stored(asked))
                #expect(stored.status == .failed && stored.reason == "provider_answer_unusable")
                #expect(returned(provider) == ["refresh-canary-1 refresh_token"])
                #expect(end.text.contains("in the settings of your account at hub") == !isTaken)
            }
        }
    }

    @Test func `a renewal that cannot be stored is revoked as far as the connection does not keep it`() async throws {
        let unrotated = #"{"access_token":"new-canary","token_type":"Bearer","expires_in":3600,"scope":"repo"}"#
        let cases: [(LoopbackProvider.Manner, String)] = [
            (.giving, "refresh-canary-2 refresh_token"),
            (.answering("200 OK", body: unrotated), "new-canary access_token"),
        ]
        for (manner, expected) in cases {
            try await play(lifetime: 90) { h, provider, asked, token in
                let browser = h.browser()
                _ = try await h.providers.comeBack(browser, state: h.providers.depart(browser, asked))
                let before = try #require(try await h.providers.connections().first)
                h.clock.advance(by: 31)
                provider.behave(manner)
                provider.whenAsked { [folder = h.folder] in FaultyDisk.arm(folder, .full, after: 0) }
                let answer = try await h.providers.exchange(token)
                #expect(FaultyDisk.disarm(h.folder))
                #expect(answer.status == .serviceUnavailable && !answer.text.contains("canary"))
                #expect(returned(provider) == [expected])
                #expect(try await h.providers.connections() == [before])
                #expect(try await h.records(.connectionRefreshed).isEmpty)
            }
        }
    }

    @Test(
        arguments: [
            (#"{"access_token":"new-canary","token_type":"mac"}"#, "new-canary access_token"),
            (
                #"{"access_token":"a-canary","refresh_token":"new-canary","token_type":"mac"}"#,
                "new-canary refresh_token"
            ),
            // What the connection keeps has to stay good.
            (#"{"access_token":"access-canary-1","refresh_token":"refresh-canary-1","token_type":"mac"}"#, nil),
            (#"{"token_type":"bearer"}"#, nil),
        ] as [(String, String?)])
    func `a malformed renewal has its token revoked, and the connection keeps its own`(
        body: String, expected: String?
    ) async throws {
        try await play(lifetime: 90) { h, provider, asked, token in
            let browser = h.browser()
            _ = try await h.providers.comeBack(browser, state: h.providers.depart(browser, asked))
            h.clock.advance(by: 31)
            provider.behave(.answering("200 OK", body: body))
            #expect(try await h.providers.exchange(token).json["access_token"]?.string == "access-canary-1")
            #expect(returned(provider) == [expected].compactMap { $0 })
            #expect(try await h.providers.connections().map(\.endedAt) == [nil])
            #expect(try await h.records(.connectionEnded).isEmpty)
        }
    }
}
