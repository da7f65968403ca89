import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import TestSupport
import Testing

@Suite("Known clients, from their way in to their tokens")
struct KnownClientTests {
    @Test(arguments: KnownClient.registering)
    func `a client that registers itself gets its tokens, past a page that vouches for nothing`(
        client: KnownClient
    ) async throws {
        guard case .registration(let members) = client.wayIn else { return }
        try await Harness.run { h in
            let registered = try await h.register(members)
            #expect(registered.status == .created, "\(registered.text)")
            let id = try #require(registered.json["client_id"]?.string)
            let secret = registered.json["client_secret"]?.string
            let method = registered.json["token_endpoint_auth_method"]?.string
            #expect(method == members["token_endpoint_auth_method"]?.string ?? "client_secret_basic")
            #expect((secret != nil) == (method != "none"))
            // Clients register on every connection; a public one stays the same client.
            if secret == nil { #expect(try await h.register(members).json["client_id"]?.string == id) }
            let browser = h.browser()
            for redirect in client.redirects {
                let (code, page) = try await h.approve(client, id: id, redirect: redirect, in: browser)
                #expect(page.contains("Registered itself") && page.contains("Not verified"), "\(client.name)")
                #expect(page.contains("<q><bdi>\(client.name)</bdi></q>"))
                #expect(!page.contains("Registered by your administrator"))
                #expect(page.contains("id=\"shared\"") == (client.sharedBy != nil))
                if let product = client.sharedBy { #expect(page.contains("Anyone who uses <bdi>\(product)</bdi>")) }
                let tokens = try await h.redeem(code, by: id, redirect: redirect, secret: secret, method: method).tokens
                let seen = try await h.introspect(tokens.access)
                #expect(seen["active"]?.bool == true && seen["client_id"]?.string == id, "\(client.name)")
                #expect(tokens.scope == "files:read" && tokens.refresh != nil)
            }
        }
    }

    @Test(arguments: KnownClient.withDocuments)
    func `a client with a metadata document gets its tokens, past a page that names the host`(
        client: KnownClient
    ) async throws {
        guard case .document(let name) = client.wayIn, let redirect = client.redirects.first else { return }
        let text = try Workspace.text("Tests/OAuthTests/Fixtures/\(name).json")
        let document = try JSONObject(parsing: Array(text.utf8))
        let refreshes = document["grant_types"]?.strings?.contains("refresh_token") ?? true
        try await DocumentScene.play { scene in
            var members = document
            members["client_id"] = nil
            // The key of this one is not here; `DocumentKeyTests` plays a client that is held to its key.
            if members["token_endpoint_auth_method"] == "private_key_jwt" {
                members["token_endpoint_auth_method"] = nil
            }
            scene.host.publish(members)
            let browser = scene.h.browser()
            let (code, page) = try await scene.h.approve(client, id: scene.host.id(), redirect: redirect, in: browser)
            #expect(page.contains(DocumentHost.name) && page.contains("Not verified"))
            #expect(!page.contains("Registered itself"))
            let tokens = try await scene.redeem(code, redirect: redirect).tokens
            #expect(tokens.scope == "files:read")
            let seen = try await scene.h.introspect(tokens.access)
            #expect(seen["active"]?.bool == true)
            #expect(seen["client_id"]?.string == scene.host.id())
            #expect((tokens.refresh != nil) == refreshes)
            if refreshes { #expect(try await scene.refresh(tokens.refresh).status == .ok) }
            #expect(scene.host.fetches == 1)
        }
    }

    @Test func `the sign-in page does not repeat the name that a client chose for itself`() async throws {
        try await Harness.run { h in
            let registered = try await h.register(Harness.registration(["client_name": "Your Bank"]))
            let id = registered.json["client_id"]?.string
            let page = try await h.authorize(
                h.browser(), h.request(["client_id": id, "redirect_uri": Harness.loopback]))
            #expect(page.input("interaction") != nil, "it is the sign-in page")
            #expect(page.text.contains("An app that registered itself") && !page.text.contains("Your Bank"))
        }
    }

    @Test
    func
        `the page for a forgotten registration says what to do, and the token endpoint makes the client register anew`()
        async throws
    {
        try await Harness.run { h in
            let id = try ClientID.ofPublicClient(.sha256("never registered")).string
            let page = try await h.authorize(h.browser(), h.request(["client_id": id]))
            #expect(page.status == .badRequest && page.headers[.location] == nil)
            let sentence =
                "This app&#39;s registration is no longer known here. Remove this server in the app and add it again."
            #expect(page.text.replacing("'", with: "&#39;").contains(sentence))
            #expect(!page.text.contains("cancel there"), "no other advice contradicts it")
            let token = try await h.redeem(
                Redeemable(code: "gate_c_x", verifier: String(repeating: "v", count: 43)), ["client_id": id])
            #expect(token.status == .unauthorized && token.error == "invalid_client")
        }
    }

    @Test func `the account page says that an app registered itself`() async throws {
        try await Harness.run { h in
            let registered = try await h.register(Harness.registration(["client_name": "Claude"]))
            let id = try #require(registered.json["client_id"]?.string)
            let browser = h.browser()
            _ = try await h.tokens(of: id, in: browser)
            let page = try await browser.get("/account")
            #expect(page.text.contains("Registered itself") && page.text.contains("Not verified"))
            #expect(!page.text.contains("Registered by your administrator"))
        }
    }
}

extension Harness {
    /// Follows a client's request to its code; returns the text of the consent page too.
    fileprivate func approve(
        _ client: KnownClient, id: String, redirect: String, in browser: TestBrowser
    ) async throws -> (Redeemable, page: String) {
        let verifier = CodeVerifier.random()
        let request = request(
            ["client_id": id, "redirect_uri": redirect, "scope": client.scope], verifier: verifier)
        let page = try await consentPage(browser, request)
        let location = try await decide(browser, at: page).continuation ?? ""
        #expect(location.hasPrefix(redirect + (redirect.contains("?") ? "&" : "?")), "\(client.name): \(location)")
        let code = FormText.decode(queryOf: location)["code"]?.first ?? ""
        return (Redeemable(code: code, verifier: verifier.reveal(), location: location), page.text)
    }

    /// Redeems a code by the method that the client registered.
    fileprivate func redeem(
        _ code: Redeemable, by id: String, redirect: String, secret: String?, method: String?
    ) async throws -> TestResponse {
        var form = [
            ("grant_type", "authorization_code"), ("client_id", id), ("code", code.code),
            ("code_verifier", code.verifier), ("redirect_uri", redirect),
        ]
        if let secret, method == "client_secret_post" { form.append(("client_secret", secret)) }
        return try await send(
            "/token", form, basic: method == "client_secret_basic" ? secret.map { (id, $0) } : nil)
    }
}
