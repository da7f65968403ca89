import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

@Suite("What administrators permit to clients that register themselves, over HTTP")
struct RegistrationPermissionFlowTests {
    private static let redirect = "https://app.example/oauth/callback"

    @Test func `an unlisted redirect is refused with the command that allows it, and accepted once it is allowed`()
        async throws
    {
        try await Harness.run { h in
            let request = Harness.registration(["redirect_uris": [.string(Self.redirect)]])
            let refused = try await h.register(request)
            #expect(refused.status == .badRequest && refused.error == "invalid_redirect_uri")
            let sentence = refused.json["error_description"]?.string ?? ""
            #expect(sentence.contains("gatehouse clients redirects allow"), "\(sentence)")
            #expect(try await h.dynamicClients().isEmpty)
            _ = try await h.administer(.redirects(.allow("https://app.example/oauth/*")))
            let registered = try await h.register(request)
            #expect(registered.status == .created)
            let id = try #require(registered.json["client_id"]?.string)
            let page = try await h.consentPage(
                h.browser(), h.request(["client_id": id, "redirect_uri": Self.redirect]))
            #expect(page.text.contains("app.example") && page.text.contains("Registered itself"))
            #expect(!page.text.contains("id=\"shared\""), "the redirect of no known product")
        }
    }

    @Test func `a removed redirect begins no new session, and a session that began before continues`() async throws {
        try await Harness.run { h in
            _ = try await h.administer(.redirects(.allow(Self.redirect)))
            let registered = try await h.register(Harness.registration(["redirect_uris": [.string(Self.redirect)]]))
            let id = try #require(registered.json["client_id"]?.string)
            let browser = h.browser()
            let code = try await h.code(browser, ["client_id": id, "redirect_uri": Self.redirect])
            let tokens = try await h.redeem(code, ["client_id": id, "redirect_uri": Self.redirect]).tokens
            _ = try await h.administer(.redirects(.remove(Self.redirect)))
            let refused = try await h.authorize(browser, h.request(["client_id": id, "redirect_uri": Self.redirect]))
            #expect(refused.status == .badRequest && refused.headers[.location] == nil)
            #expect(try await h.sessions().count == 1)
            #expect(try await h.refresh(tokens, by: id).status == .ok)
        }
    }

    @Test func `an invitation of an administrator admits as many clients as it says, and none once it is revoked`()
        async throws
    {
        let invited: @Sendable (inout Settings) -> Void = { $0.clients.registration = .token }
        try await Harness.run(adjust: invited) { h in
            let request = Harness.registration(["redirect_uris": [.string(Self.redirect)]])
            #expect(try await h.register(request).status == .unauthorized)
            let row = try #require(try await h.administer(.invitations(.create(uses: 2, lifetime: 3600))).rows.first)
            let token = try #require(row["initial_access_token"]?.string)
            for _ in 0..<2 { #expect(try await h.register(request, bearer: token).status == .created) }
            #expect(try await h.register(request, bearer: token).status == .unauthorized)
            #expect(try await h.dynamicClients().count == 2, "each belongs to its registrant")
            let other = try #require(try await h.administer(.invitations(.create(uses: 2, lifetime: 3600))).rows.first)
            let revoked = try #require(other["initial_access_token"]?.string)
            _ = try await h.administer(.invitations(.revoke(other["id"]?.string ?? "")))
            #expect(try await h.register(request, bearer: revoked).status == .unauthorized)
            let late = try #require(try await h.administer(.invitations(.create(uses: 2, lifetime: 3600))).rows.first)
            h.clock.advance(by: 3600)
            let expired = try #require(late["initial_access_token"]?.string)
            #expect(try await h.register(request, bearer: expired).status == .unauthorized)
            #expect(try await h.dynamicClients().count == 2)
        }
    }

    @Test func `a removed client is forgotten at once, and registers anew under the same id`() async throws {
        try await Harness.run { h in
            let request = Harness.registration()
            let id = try #require(try await h.register(request).json["client_id"]?.string)
            let tokens = try await h.tokens(of: id)
            _ = try await h.administer(.remove(id, reason: nil))
            let refused = try await h.refresh(tokens, by: id)
            #expect(refused.status == .unauthorized && refused.error == "invalid_client")
            #expect(try await h.introspect(tokens.access)["active"]?.bool == false)
            #expect(try await h.register(request).json["client_id"]?.string == id)
            #expect(try await h.refresh(tokens, by: id).error == "invalid_grant", "its old session stays revoked")
        }
    }

    @Test func `a blocked client registers again and still reaches no consent page`() async throws {
        try await Harness.run { h in
            let request = Harness.registration()
            let id = try #require(try await h.register(request).json["client_id"]?.string)
            let browser = h.browser()
            let tokens = try await h.tokens(of: id, in: browser)
            _ = try await h.administer(.block(id, reason: "phishing"))
            #expect(try await h.introspect(tokens.access)["active"]?.bool == false)
            _ = try await h.register(request)
            let page = try await h.authorize(browser, h.request(["client_id": id, "redirect_uri": Harness.loopback]))
            #expect(page.status == .badRequest && page.text.contains("An administrator blocked this client"))
            #expect(try await h.sessions().filter { $0.clientID.string == id }.allSatisfy { $0.endedAt != nil })
        }
    }
}

extension Harness {
    /// Carries out an administrator's request about clients.
    fileprivate func administer(_ request: ClientRequest) async throws -> AdministrationAnswer {
        let administration = Administration(store: gatehouse.store, keys: nil, clock: clock.wall)
        return try await administration.run(.clients(request), by: Administrator(uid: 0, claimed: nil))
    }
}
