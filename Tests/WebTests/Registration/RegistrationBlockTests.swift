import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

@Suite("Blocked hosts and clients that register themselves")
struct RegistrationBlockTests {
    private static let redirect = "https://claude.ai/api/mcp/auth_callback"

    @Test(arguments: [RegistrationMode.known, .open])
    func `a redirect to a blocked host cannot be registered`(mode: RegistrationMode) async throws {
        let adjust: @Sendable (inout Settings) -> Void = { $0.clients.registration = mode }
        try await Harness.run(adjust: adjust) { h in
            let cases = [
                ("claude.ai", Self.redirect), ("*.claude.ai", "https://mcp.claude.ai/callback"), ("*", Self.redirect),
            ]
            for (name, redirect) in cases {
                let rule = ClientRule(.host(name), .block, createdAt: h.clock.now)
                try await h.gatehouse.store.write { try $0.clientRules.set(rule) }
                let answer = try await h.register(Harness.registration(["redirect_uris": [.string(redirect)]]))
                #expect(answer.error == "invalid_redirect_uri", "\(name)")
                let removed = try await h.gatehouse.store.write { try $0.clientRules.remove(about: rule.target) }
                #expect(removed)
            }
            #expect(try await h.dynamicClients().isEmpty)
            let local = try await h.register(Harness.registration())
            #expect(local.status == .created, "a program on the user's computer has no host")
        }
    }

    @Test func `a client that registered before its host was blocked begins no new session`() async throws {
        try await Harness.run { h in
            let registered = try await h.register(Harness.registration(["redirect_uris": [.string(Self.redirect)]]))
            let id = try #require(registered.json["client_id"]?.string)
            let browser = h.browser()
            let request = h.request(["client_id": id, "redirect_uri": Self.redirect])
            let page = try await h.consentPage(browser, request)
            #expect(page.text.contains("Registered itself"))
            let rule = ClientRule(.host("claude.ai"), .block, createdAt: h.clock.now)
            try await h.gatehouse.store.write { try $0.clientRules.set(rule) }
            let refused = try await h.authorize(browser, request)
            #expect(refused.status == .badRequest && refused.headers[.location] == nil)
            #expect(try await h.sessions().isEmpty)
        }
    }
}
