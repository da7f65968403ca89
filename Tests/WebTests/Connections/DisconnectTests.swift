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

@Suite("Disconnecting an account")
struct DisconnectTests {
    private func play(
        _ test: @Sendable @escaping (Harness, LoopbackProvider, TestBrowser) async throws -> Void
    ) async throws {
        let provider = try await LoopbackProvider.start()
        try await Harness.run { h in
            try await h.providers.add(provider)
            let browser = h.browser()
            _ = try await h.providers.connect(h.tokens().access, browser)
            try await test(h, provider, browser)
        }
        try await provider.stop()
    }

    @Test func `disconnecting erases the tokens, revokes them at the provider and issues no more`()
        async throws
    {
        try await play { h, provider, browser in
            let token = try await h.tokens().access
            let page = try await h.account(browser)
            for words in ["hub", "Team Files", "repo"] { #expect(page.text.contains(words), "\(words)") }
            let connection = try #require(try await h.providers.connections().first)
            let after = try await h.follow(
                browser, h.step(browser, at: page, "disconnect", [("connection", connection.id.string)]))
            #expect(after.element("notice")?.contains("hub") == true)
            #expect(after.element("no-connections") != nil)
            let kept = try #require(try await h.providers.connections().first)
            #expect(kept.tokens == nil && kept.endReason == .revokedByPerson)
            #expect(provider.revocations.count == 1)
            #expect(try await h.providers.exchange(token).status == .badRequest)
            let record = try #require(try await h.records(.connectionEnded).first)
            #expect(record.actor == .person(h.user.id) && record.reason == "revoked_by_person")
            let again = try await h.follow(
                browser, h.step(browser, at: page, "disconnect", [("connection", connection.id.string)]))
            #expect(again.element("notice")?.contains("hub") == true)
            #expect(provider.revocations.count == 1)
            #expect(try await h.records(.connectionEnded).count == 1)
        }
    }

    @Test func `a provider that refuses the revocation is named, and the tokens are erased anyway`() async throws {
        try await play { h, provider, browser in
            provider.refuseRevocations()
            let page = try await h.account(browser)
            let connection = try #require(try await h.providers.connections().first)
            let after = try await h.follow(
                browser, h.step(browser, at: page, "disconnect", [("connection", connection.id.string)]))
            #expect(after.element("notice")?.contains("in the settings of your account at hub") == true)
            #expect(try await h.providers.connections().first?.tokens == nil)
        }
    }

    @Test func `another user's connection is answered like an unknown one`() async throws {
        try await play { h, provider, _ in
            _ = try await h.addUser("bob")
            let stranger = h.browser()
            let page = try await h.account(stranger, as: "bob")
            #expect(!page.text.contains("hub"))
            let connection = try #require(try await h.providers.connections().first)
            var answers: Set<String> = []
            for id in [connection.id.string, ConnectionID.random().string, "con_", ""] {
                let answer = try await h.step(stranger, at: page, "disconnect", [("connection", id)])
                #expect(answer.status == .notFound)
                answers.insert(answer.text)
            }
            #expect(answers.count == 1)
            #expect(try await h.providers.connections().first?.endedAt == nil && provider.revocations.isEmpty)
        }
    }
}
