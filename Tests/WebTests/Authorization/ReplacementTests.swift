import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

@Suite("Replacement of sessions")
struct ReplacementTests {
    @Test func `only the session that the page showed is replaced`()
        async throws
    {
        try await Harness.run { h in
            let browser = h.browser()
            let first = try await h.tokens(browser)
            h.clock.advance(by: 5)
            let verifier = CodeVerifier.random()
            let page = try await h.consentPage(browser, h.request(verifier: verifier))
            h.clock.advance(by: 5)
            let meanwhile = try await h.tokens(browser)
            let answer = try await h.decide(browser, at: page, more: [("replace", "yes")])
            let code = FormText.decode(queryOf: answer.continuation ?? "")["code"]?.first ?? ""
            #expect(try await h.redeem(Redeemable(code: code, verifier: verifier.reveal())).status == .ok)
            #expect(try await h.refresh(first.refresh).error == "invalid_grant")
            #expect(try await h.refresh(meanwhile.refresh).status == .ok)
        }
    }

    @Test func `a session of another browser is not offered for replacement`() async throws {
        try await Harness.run { h in
            let other = try await h.tokens()
            let browser = h.browser()
            let mine = try await h.tokens(browser, more: [("replace", "yes")])
            #expect(try await h.refresh(other.refresh).status == .ok)
            #expect(try await h.refresh(mine.refresh).status == .ok)
        }
    }

    @Test func `an MCP server without scopes can be approved like any other`() async throws {
        try await Harness.run { h in
            let plain = Resource(
                identifier: try ResourceIdentifier("https://plain.example/mcp"), name: "Plain", owner: "Platform team",
                scopes: [], secretDigest: ClientSecret.random().digest, createdAt: h.clock.now)
            try await h.gatehouse.store.write { _ = try $0.resources.insert(plain) }
            let code = try await h.code(nil, ["resource": plain.identifier.string, "scope": nil], scopes: [])
            let answer = try await h.redeem(code)
            #expect(answer.status == .ok)
            #expect(try await h.refresh(answer.tokens.refresh).status == .ok)
        }
    }

    @Test func `every decision leaves exactly one record, and an unauthenticated refusal none`()
        async throws
    {
        try await Harness.run { h in
            let browser = h.browser()
            let page = try await h.consentPage(browser, h.request())
            _ = try await h.decide(browser, at: page, "deny")
            _ = try await h.decide(browser, at: page, "deny")
            let code = try await h.code(browser)
            for _ in 0..<3 { _ = try await h.redeem(code, ["code_verifier": CodeVerifier.random().reveal()]) }
            let tokens = try await h.tokens(browser)
            _ = try await h.refresh(tokens.refresh, ["client_id": "nobody"])
            _ = try await h.refresh("gate_r_" + String(repeating: "A", count: 70))
            let next = try await h.refresh(tokens.refresh).tokens
            _ = try await h.refresh(tokens.refresh)
            _ = try await h.send("/revoke", [("token", next.access), ("client_id", "quill")])
            _ = try await h.send("/revoke", [("token", next.access), ("client_id", "quill")])
            _ = try await h.refresh(next.refresh)
            let actions = try await h.gatehouse.store.read { try $0.audit.tail(limit: 100) }.map(
                \.entry.action.rawValue)
            #expect(
                actions.reversed() == [
                    "person.signed_in", "access.denied", "session.approved", "code.burnt", "session.approved",
                    "token.issued", "token.refreshed", "token.repeated", "session.ended",
                ])
        }
    }
}
