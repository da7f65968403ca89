import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import NIOCore
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

@Suite("RFC 7591 registration over HTTP")
struct RegistrationTests {
    @Test func `a client that registers itself is approved, gets tokens, and refreshes them`() async throws {
        try await Harness.run { h in
            let answer = try await h.register(Harness.registration())
            #expect(answer.status == .created && answer.headers[.cacheControl] == "no-store")
            #expect(answer.headers[.accessControlAllowOrigin] == "*")
            let id = try #require(answer.json["client_id"]?.string)
            #expect(id.hasPrefix("dyn_") && answer.json["client_secret"] == nil)
            #expect(answer.json["client_id_issued_at"]?.integer == h.clock.now.seconds)
            #expect(answer.json["registration_access_token"] == nil, "everybody derives this id")
            let tokens = try await h.tokens(of: id)
            #expect(try await h.introspect(tokens.access)["client_id"]?.string == id)
            #expect(try await h.refresh(tokens, by: id).status == .ok)
        }
    }

    @Test func `the response has every stored value and nothing else`() async throws {
        try await Harness.run { h in
            let answer = try await h.register(
                Harness.registration([
                    "scope": "files:read", "client_uri": "https://desk.example/", "application_type": "native",
                    "software_id": "x", "grant_types": ["authorization_code", "implicit"],
                    "redirect_uris": ["http://localhost:7777/cb", "javascript:alert(1)", .string(Harness.loopback)],
                ]))
            var expected: JSONObject = [
                "client_id": answer.json["client_id"] ?? .null, "client_id_issued_at": .integer(h.clock.now.seconds),
                "client_name": "Desk", "redirect_uris": ["http://localhost:7777/cb", .string(Harness.loopback)],
                "token_endpoint_auth_method": "none", "grant_types": ["authorization_code"], "response_types": ["code"],
            ]
            expected["application_type"] = "native"
            expected["client_uri"] = "https://desk.example/"
            #expect(answer.json == expected)
        }
    }

    @Test func `a confidential client gets a random id and a secret, of which the digest is stored`() async throws {
        try await Harness.run { h in
            let body = Harness.registration(["token_endpoint_auth_method": .null])
            let first = try await h.register(body).json
            let second = try await h.register(body).json
            let id = try #require(first["client_id"]?.string)
            let secret = try #require(first["client_secret"]?.string)
            #expect(id.hasPrefix("dyc_") && id != second["client_id"]?.string)
            #expect(first["client_secret_expires_at"]?.integer == 0)
            #expect(first["token_endpoint_auth_method"]?.string == "client_secret_basic")
            let stored = try await h.dynamicClients()
            #expect(stored.count == 2 && stored.contains { $0.secretDigest == .sha256(secret) })
            let token = try #require(first["registration_access_token"]?.string)
            #expect(stored.contains { $0.registrationTokenDigest == .sha256(token) })

            let code = try await h.code(nil, ["client_id": id, "redirect_uri": Harness.loopback])
            let nobody = try await h.redeem(code, by: id)
            #expect(nobody.status == .unauthorized && nobody.error == "invalid_client")
            #expect(try await h.redeem(code, by: id, secret: second["client_secret"]?.string).status == .unauthorized)
            let tokens = try await h.redeem(code, by: id, secret: secret).tokens
            #expect(try await h.refresh(tokens, by: id).status == .unauthorized)
            #expect(try await h.refresh(tokens, by: id, secret: secret).status == .ok)
        }
    }

    @Test func `the stored method is the one in the response`() async throws {
        try await Harness.run { h in
            for method in ["none", "client_secret_post", "client_secret_basic", "client_secret_jwt"] {
                let answer = try await h.register(Harness.registration(["token_endpoint_auth_method": .string(method)]))
                    .json
                let id = answer["client_id"]?.string
                let stored = try #require(try await h.dynamicClients().first { $0.id.string == id })
                let registration = try ClientRegistration(stored: stored.metadata)
                #expect(answer["token_endpoint_auth_method"]?.string == registration.authMethod.rawValue)
                #expect((answer["client_secret"] != nil) == (stored.secretDigest != nil))
                #expect((stored.secretDigest != nil) == (registration.authMethod != .none))
            }
        }
    }

    @Test func `a redirect that no list admits is refused with the operator's command`() async throws {
        try await Harness.run { h in
            let answer = try await h.register(Harness.registration(["redirect_uris": ["https://evil.example/cb"]]))
            #expect(answer.status == .badRequest && answer.error == "invalid_redirect_uri")
            #expect(answer.json["error_description"]?.string?.contains("gatehouse clients redirects allow") == true)
            let one = try await h.register(
                Harness.registration(["redirect_uris": ["https://evil.example/cb", .string(Harness.loopback)]]))
            #expect(one.status == .created && one.json["redirect_uris"]?.strings == [Harness.loopback])
            #expect(try await h.dynamicClients().count == 1)
        }
    }

    @Test func `open admits every https host`() async throws {
        let open: @Sendable (inout Settings) -> Void = { $0.clients.registration = .open }
        try await Harness.run(adjust: open) { h in
            let answer = try await h.register(
                Harness.registration(["redirect_uris": ["https://app.example/cb", "notes-app://cb/x"]]))
            #expect(answer.json["redirect_uris"]?.strings == ["https://app.example/cb"])
        }
    }

    @Test func `a redirect that a stricter mode no longer admits leads nowhere`() async throws {
        try await Harness.run { h in
            let bytes = try ClientRegistration(
                stored: Harness.registration(["redirect_uris": ["https://app.example/cb", .string(Harness.loopback)]])
                    .bytes
            ).stored()
            let open = DynamicClient(
                id: try .ofPublicClient(.sha256(bytes)), metadata: bytes, network: "", registeredAt: h.clock.now)
            let invited = DynamicClient(
                id: try .ofOneRegistrant(), metadata: bytes, isInvited: true, network: "", registeredAt: h.clock.now)
            try await h.gatehouse.store.write { transaction in
                for client in [open, invited] { _ = try transaction.dynamicClients.register(client) }
            }
            func page(_ client: DynamicClient, _ redirect: String) async throws -> TestResponse {
                try await h.consentPage(
                    h.browser(), h.request(["client_id": client.id.string, "redirect_uri": redirect]))
            }
            #expect(try await page(open, "https://app.example/cb").status == .badRequest)
            #expect(try await page(open, Harness.loopback).input("token") != nil)
            #expect(try await page(invited, "https://app.example/cb").input("token") != nil)
        }
    }

    @Test func `token admits whoever has an initial access token, as often as it allows`() async throws {
        let invited: @Sendable (inout Settings) -> Void = { $0.clients.registration = .token }
        try await Harness.run(adjust: invited) { h in
            let token = InitialAccessToken.random()
            let invitation = Invitation(
                digest: token.digest, uses: 2, createdBy: 0, createdAt: h.clock.now, expiresAt: h.clock.now + 3_600)
            try await h.gatehouse.store.write { try $0.invitations.insert(invitation) }
            let body = Harness.registration(["redirect_uris": ["https://app.example/cb", .string(Harness.loopback)]])
            for wrong in [nil, "x", InitialAccessToken.random().reveal()] {
                let answer = try await h.register(body, bearer: wrong)
                #expect(answer.status == .unauthorized && answer.error == "invalid_token")
                #expect(answer.headers[.wwwAuthenticate]?.hasPrefix("Bearer ") == true)
            }
            let spoilt = try await h.register(Harness.registration(["redirect_uris": ["x:y"]]), bearer: token.reveal())
            #expect(spoilt.error == "invalid_redirect_uri", "a refused registration spends nothing")
            for _ in 0..<2 {
                let answer = try await h.register(body, bearer: token.reveal())
                #expect(answer.status == .created && answer.json["client_id"]?.string?.hasPrefix("dyc_") == true)
                #expect(answer.json["registration_access_token"] != nil && answer.json["client_secret"] == nil)
                #expect(answer.json["redirect_uris"]?.strings == ["https://app.example/cb", Harness.loopback])
            }
            #expect(try await h.register(body, bearer: token.reveal()).status == .unauthorized, "both uses are spent")
            #expect(try await h.dynamicClients().count == 2)
            #expect(try await h.records(.clientRegistered).count == 2)
            h.clock.advance(by: 3_600)
            #expect(try await h.register(body, bearer: token.reveal()).status == .unauthorized)
        }
    }

    @Test func `known admits the redirects of the list and those that an operator allows`() async throws {
        try await Harness.run { h in
            let cursor = "cursor://anysphere.cursor-mcp/oauth/callback"
            let redirects: JSON = [.string(cursor), "https://app.example/cb"]
            let first = try await h.register(Harness.registration(["redirect_uris": redirects]))
            #expect(first.json["redirect_uris"]?.strings == [cursor])
            let allowed = AllowedRedirect(try RedirectPattern("https://app.example/cb"), createdAt: h.clock.now)
            try await h.gatehouse.store.write { _ = try $0.allowedRedirects.insert(allowed) }
            let second = try await h.register(Harness.registration(["redirect_uris": redirects]))
            #expect(second.json["redirect_uris"]?.strings == [cursor, "https://app.example/cb"])
            #expect(second.json["client_id"] != first.json["client_id"])
            let id = second.json["client_id"]?.string ?? ""
            let request = h.request(["client_id": id, "redirect_uri": "https://app.example/cb"])
            let browser = h.browser()
            let open = try await h.consentPage(browser, request)
            #expect(open.input("token") != nil)
            try await h.gatehouse.store.write { _ = try $0.allowedRedirects.remove("https://app.example/cb") }
            let late = try await h.decide(browser, at: open)
            #expect(late.status == .badRequest && late.continuation == nil, "the page was open meanwhile")
            #expect(try await h.sessions().isEmpty)
            #expect(try await h.consentPage(h.browser(), request).status == .badRequest, "the permission is gone")
        }
    }

    @Test func `off is neither served nor advertised`() async throws {
        let off: @Sendable (inout Settings) -> Void = { $0.clients.registration = .off }
        try await Harness.run(adjust: off) { h in
            #expect(try await h.register(Harness.registration()).status == .notFound)
            #expect(try await h.dynamicClients().isEmpty)
            let metadata = try await h.browser().get("/.well-known/oauth-authorization-server").json
            #expect(metadata["registration_endpoint"] == nil)
        }
        try await Harness.run { h in
            let metadata = try await h.browser().get("/.well-known/oauth-authorization-server").json
            #expect(metadata["registration_endpoint"]?.string == "http://localhost/register")
        }
    }

    @Test func `a client that is no longer registered is invalid_client at the token endpoint and a page at authorize`()
        async throws
    {
        try await Harness.run { h in
            let id = try #require(try await h.register(Harness.registration()).json["client_id"]?.string)
            let tokens = try await h.tokens(of: id)
            let code = try await h.code(nil, ["client_id": id, "redirect_uri": Harness.loopback])
            try await h.gatehouse.store.write { transaction in
                _ = try transaction.dynamicClients.remove(
                    client: ClientID(id),
                    SessionEnding(reason: .clientRemoved, initiator: .admin, actor: .system, at: h.clock.now))
            }
            for answer in [try await h.refresh(tokens, by: id), try await h.redeem(code, by: id)] {
                #expect(answer.status == .unauthorized && answer.error == "invalid_client")
            }
            let page = try await h.authorize(h.browser(), h.request(["client_id": id]))
            #expect(page.status == .badRequest && page.headers[.location] == nil)
            #expect(page.text.contains("no longer known here. Remove this server in the app and add it again."))
            #expect(try await h.register(Harness.registration()).json["client_id"]?.string == id, "it may come back")
        }
    }

    @Test func `scripts of every origin may register and manage`() async throws {
        try await Harness.run { h in
            for (path, methods) in [("/register", "POST"), ("/register/dyc_x", "DELETE, GET, PUT")] {
                let answer = try await h.client.execute(
                    uri: path, method: .options, headers: [.origin: "https://inspector.example"])
                #expect(answer.status == .noContent)
                #expect(answer.headers[.accessControlAllowMethods] == methods)
                #expect(answer.headers[.accessControlAllowOrigin] == "*")
            }
        }
    }

    @Test func `the first approval of a client leaves a record, and its registration none`() async throws {
        try await Harness.run { h in
            let id = try #require(try await h.register(Harness.registration()).json["client_id"]?.string)
            #expect(try await h.records(.clientRegistered).isEmpty)
            _ = try await h.tokens(of: id)
            _ = try await h.tokens(of: id)
            let records = try await h.records(.clientRegistered)
            #expect(records.count == 1 && records[0].client?.string == id)
        }
    }

    @Test func `an operator cannot register an id that looks like one of these clients`() async throws {
        try await Harness.run { h in
            for id in ["dyn_mine", "dyc_mine"] {
                let draft = ClientDraft(
                    id: id, name: "Mine", redirectURIs: [Harness.loopback], authMethod: "none", resources: [])
                await #expect(throws: AdministrationError.self) { try await h.administer(.clients(.add(draft))) }
                let clientID = try ClientID(id)
                let stored = try await h.gatehouse.store.read { try $0.clients.find(clientID) }
                #expect(stored == nil)
            }
        }
    }

    @Test func `a registration that is repeated after a minute keeps the client for 72 hours more`() async throws {
        try await Harness.run { h in
            _ = try await h.register(Harness.registration())
            let start = h.clock.now
            h.clock.advance(by: 59)
            #expect(try await h.register(Harness.registration()).status == .created)
            #expect(try await h.dynamicClients().map(\.lastRegisteredAt) == [start], "a repetition only reads")
            h.clock.advance(by: 1)
            #expect(try await h.register(Harness.registration()).status == .created)
            #expect(try await h.dynamicClients().map(\.lastRegisteredAt) == [start + 60])
        }
    }
}
