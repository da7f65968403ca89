import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import Logging
import OAuth
import Outbound
import ServerSupport
import Storage
import TestSupport
import Testing

@Suite("Failures")
struct FailureTests {
    @Test func `a store that fails is answered 503 everywhere, and nothing is issued`() async throws {
        try await Harness.run { h in
            let browser = h.browser()
            let tokens = try await h.tokens(browser)
            let code = try await h.code(browser)
            let consent = try await h.consentPage(browser, h.request())
            let signIn = try await h.authorize(browser, h.request(["prompt": "login"]))
            try h.gatehouse.store.close()
            let answers = [
                try await h.redeem(code), try await h.refresh(tokens.refresh),
                try await h.send(
                    "/introspect",
                    [("token", tokens.access), ("client_id", "x"), ("client_secret", h.resourceSecret.reveal())]),
                try await h.send("/revoke", [("token", tokens.refresh ?? ""), ("client_id", "quill")]),
                try await h.authorize(browser, h.request()), try await h.signIn(browser, at: signIn),
                try await h.decide(browser, at: consent),
            ]
            for answer in answers {
                #expect(answer.status == .serviceUnavailable)
                #expect(answer.headers[.location] == nil)
                #expect(answer.headers[.retryAfter] != nil)
                #expect(answer.continuation == nil)
                #expect(!answer.text.contains("gate_") && !answer.text.contains("database"))
            }
        }
    }

    @Test func `a client's dead host is noted, a failing store of ours is an error with its cause`() async throws {
        let log = CapturedLog()
        let host = try await DocumentHost()
        host.answer(LoopbackServer.http("500 Internal Server Error", body: ""))
        let fetcher: @Sendable (Store) throws -> DocumentFetcher = { try host.fetcher($0) }
        try await Harness.run(fetcher: fetcher, log: log.logger) { h in
            let browser = h.browser()
            let theirs = try await h.consentPage(browser, h.request(["client_id": host.id()]))
            #expect(theirs.status == .serviceUnavailable)
            #expect(log.lines.contains { $0.hasPrefix("notice request") && $0.contains("status=503") })
            #expect(!log.lines.contains { $0.hasPrefix("error") })
            try h.gatehouse.store.close()
            #expect(try await h.authorize(browser, h.request()).status == .serviceUnavailable)
            #expect(log.lines.contains { $0.hasPrefix("error") && $0.contains("closed") })
        }
        try await host.stop()
    }

    @Test func `recorded uses are not lost when the write fails`() async throws {
        try await Harness.run { h in
            let tokens = try await h.tokens()
            h.clock.advance(by: 60)
            #expect(try await h.introspect(tokens.access)["active"] == true)
            let closed = try Store(path: h.folder + "/other.sqlite", options: .init(create: true))
            try closed.close()
            await #expect(throws: StoreError.closed) { try await h.gatehouse.lastUses.flush(to: closed) }
            try await h.gatehouse.lastUses.flush(to: h.gatehouse.store)
            #expect(try await h.sessions().map(\.lastUsedAt) == [h.clock.now])
        }
    }

    @Test func `a refusal at the token endpoint leaves a line with its cause`() async throws {
        let log = CapturedLog()
        try await Harness.run(log: log.logger) { h in
            let code = try await h.code()
            _ = try await h.redeem(code, ["code_verifier": CodeVerifier.random().reveal()])
            #expect(log.lines.contains { $0.contains("invalid_grant") && $0.contains("wrong verifier") })
            _ = try await h.redeem(code, ["client_id": "nobody"])
            #expect(log.lines.contains { $0.contains("invalid_client") && $0.contains("unknown client nobody") })
        }
    }

    @Test func `nothing that was sent breaks a log line in two`() async throws {
        let log = CapturedLog()
        try await Harness.run(log: log.logger) { h in
            let poison = "x\r\nerror forged\u{1B}[2J\u{85}\u{2028}"
            for name in ["client_id", "redirect_uri", "state", "scope", "resource", "prompt", poison] {
                _ = try await h.authorize(h.browser(), h.request([name: poison]))
                _ = try await h.send("/token", [("client_id", "quill"), (name, poison), ("grant_type", poison)])
                _ = try await h.send("/introspect", [("token", poison)], basic: (poison, poison))
            }
            #expect(log.lines.count > 20)
            for line in log.lines {
                #expect(!line.unicodeScalars.contains { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) })
                #expect(!line.contains("\u{2028}"))
            }
        }
    }
}
