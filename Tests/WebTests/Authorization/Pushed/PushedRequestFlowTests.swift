import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

@Suite("RFC 9126 pushed authorization requests")
struct PushedRequestFlowTests {
    @Sendable private static func usual(_ settings: inout Settings) {}

    @Sendable private static func demandingPushes(_ settings: inout Settings) {
        settings.clients.requiresPushedRequests = true
    }

    @Test func `a pushed request is approved and redeemed like one in the URL`() async throws {
        try await Harness.run { h in
            let (browser, verifier) = (h.browser(), CodeVerifier.random())
            let answer = try await h.push(["state": "kept"], verifier: verifier)
            #expect(answer.status == .created && answer.headers[.cacheControl] == "no-store")
            #expect(answer.json["expires_in"]?.integer == 90 && answer.json.members.count == 2)
            let uri = answer.json["request_uri"]?.string ?? ""
            let signIn = try await h.authorize(browser, pushed: uri)
            #expect(signIn.text.contains("Quill Notes"))
            #expect(try await h.pushedRows() == [false], "a page that is shown uses nothing")
            let consent = try await h.follow(browser, try await h.signIn(browser, at: signIn))
            #expect(try await h.pushedRows() == [true])
            let parameters = FormText.decode(queryOf: try await h.decide(browser, at: consent).continuation ?? "")
            #expect(parameters["state"] == ["kept"] && parameters["iss"] == ["http://localhost"])
            let code = Redeemable(code: parameters["code"]?.first ?? "", verifier: verifier.reveal())
            #expect(try await h.redeem(code).tokens.scope == "files:read")
        }
    }

    @Test func `what stands beside the request_uri is ignored`() async throws {
        try await Harness.run { h in
            let browser = h.browser()
            let page = try await h.authorize(
                browser, pushed: h.pushed(["scope": "files:read", "state": "mine"]),
                more: [
                    ("scope", "files:write"), ("state", "evil"), ("redirect_uri", "https://evil.example/cb"),
                    ("redirect_uri", "not a URI"), ("code_challenge", "x"), ("request", "e30"), ("prompt", "none"),
                ])
            let consent = try await h.follow(browser, try await h.signIn(browser, at: page))
            let location = try await h.decide(browser, at: consent).continuation ?? ""
            #expect(location.hasPrefix(Harness.redirect + "?") && location.contains("state=mine"))
            #expect(try await h.sessions().map(\.scope.string) == ["files:read"])
        }
    }

    @Test func `the sign-in page can be loaded again, and signs in later than the request_uri lasts`() async throws {
        try await Harness.run { h in
            let (browser, uri) = (h.browser(), try await h.pushed())
            _ = try await h.authorize(browser, pushed: uri)
            let page = try await h.authorize(browser, pushed: uri)
            h.clock.advance(by: 500)
            _ = try await h.gatehouse.store.write { [now = h.clock.now] in try $0.housekeep(now: now, limit: 100) }
            #expect(try await h.pushedRows().isEmpty)
            let first = try await h.signIn(browser, at: page)
            #expect(first.status == .seeOther)
            #expect(try await h.interactions() == 1)
            // A second click on the same page leads to the same request.
            #expect(try await h.signIn(browser, at: page).headers[.location] == first.headers[.location])
            #expect(try await h.interactions() == 1)
        }
    }

    @Test func `a sign-in page that is submitted twice at the same moment leads to one request`() async throws {
        try await Harness.run { h in
            let (browser, verifier) = (h.browser(), CodeVerifier.random())
            let page = try await h.authorize(browser, pushed: h.pushed(verifier: verifier))
            let first = try await h.signIn(browser, at: page)
            // The second submission left the browser before the first answer came.
            browser.cookies["gatehouse"] = nil
            let second = try await h.signIn(browser, at: page)
            #expect(second.status == .seeOther && second.headers[.location] == first.headers[.location])
            #expect(try await h.browserLogins() == 2)
            #expect(try await h.interactions() == 1)
            let location = try await h.decide(browser, at: h.follow(browser, second)).continuation ?? ""
            let code = Redeemable(
                code: FormText.decode(queryOf: location)["code"]?.first ?? "", verifier: verifier.reveal())
            #expect(try await h.redeem(code).status == .ok)
        }
    }

    @Test func `a signed-in user who loads the address again comes back to the same request`() async throws {
        try await Harness.run { h in
            let browser = h.browser()
            _ = try await h.consentPage(browser, h.request())
            let uri = try await h.pushed()
            let first = try await h.authorize(browser, pushed: uri)
            #expect(first.status == .seeOther)
            #expect(try await h.authorize(browser, pushed: uri).headers[.location] == first.headers[.location])
            #expect(try await h.interactions() == 2)
        }
    }

    @Test func `switching the account keeps a pushed request`() async throws {
        try await Harness.run(adjust: Self.demandingPushes) { h in
            _ = try await h.addUser("eve")
            let (browser, verifier) = (h.browser(), CodeVerifier.random())
            let page = try await h.authorize(browser, pushed: h.pushed(verifier: verifier))
            let consent = try await h.follow(browser, try await h.signIn(browser, at: page))
            let other = try await h.decide(browser, at: consent, "switch")
            let again = try await h.follow(browser, try await h.signIn(browser, at: other, as: "eve"))
            let location = try await h.decide(browser, at: again).continuation ?? ""
            let code = Redeemable(
                code: FormText.decode(queryOf: location)["code"]?.first ?? "", verifier: verifier.reveal())
            #expect(try await h.redeem(code).status == .ok)
        }
    }

    @Test func `of many submissions after switching the account one keeps the request`() async throws {
        try await Harness.run { h in
            _ = try await h.addUser("eve")
            let browser = h.browser()
            let page = try await h.authorize(browser, pushed: h.pushed())
            let consent = try await h.follow(browser, try await h.signIn(browser, at: page))
            let other = try await h.decide(browser, at: consent, "switch")
            let first = try await h.signIn(browser, at: other, as: "eve")
            #expect(first.status == .seeOther)
            for _ in 0..<20 { _ = try await h.signIn(browser, at: other, as: "eve") }
            #expect(try await h.interactions() == 1)
            #expect(try await h.pushedRows() == [true])
        }
    }

    @Test func `a client that registered itself can demand that its requests are pushed`() async throws {
        try await Harness.run { h in
            let refused = try await h.register(
                Harness.registration(["require_pushed_authorization_requests": "yes"]))
            #expect(refused.error == "invalid_client_metadata")
            let answer = try await h.register(Harness.registration(["require_pushed_authorization_requests": true]))
            #expect(answer.json["require_pushed_authorization_requests"] == true)
            let own: [String: String?] = [
                "client_id": answer.json["client_id"]?.string, "redirect_uri": Harness.loopback,
            ]
            let plain = try await h.authorize(h.browser(), h.request(own))
            #expect(plain.input("interaction") == nil && plain.text.contains("Push this request first"))
            #expect(try await h.push(own).status == .created)
        }
    }

    @Test func `clients authenticate as at the token endpoint`() async throws {
        try await Harness.run { h in
            let secret = ClientSecret.random()
            _ = try await h.register("vault", redirects: [Harness.redirect], secret: secret)
            let own: [String: String?] = ["client_id": "vault"]
            #expect(try await h.push(own.merging(["client_secret": secret.reveal()]) { $1 }).status == .created)
            for changes in [["client_secret": nil], ["client_secret": ClientSecret.random().reveal()]] {
                let refused = try await h.push(own.merging(changes) { $1 })
                #expect(refused.status == .unauthorized && refused.error == "invalid_client")
            }
            #expect(try await h.push(own, basic: ("vault", secret.reveal())).error == "invalid_client")
            #expect(try await h.push(["client_id": "nobody"]).error == "invalid_client")
            #expect(try await h.push(["client_id": nil]).error == "invalid_client")
            #expect(try await h.pushedRows() == [false], "a refused request leaves no row")
        }
    }

    @Test func `metadata names the endpoint, and that all clients must use it where that is so`() async throws {
        for isRequired in [false, true] {
            try await Harness.run(adjust: isRequired ? Self.demandingPushes : Self.usual) { h in
                let metadata = try await h.browser().get("/.well-known/oauth-authorization-server").json
                #expect(metadata["pushed_authorization_request_endpoint"] == "http://localhost/par")
                #expect(metadata["require_pushed_authorization_requests"] == (isRequired ? true : nil))
                #expect(metadata["request_uri_parameter_supported"] == false)
            }
        }
    }

    @Test func `where all clients must push, a request in the URL is refused before the sign-in`() async throws {
        try await Harness.run(adjust: Self.demandingPushes) { h in
            let browser = h.browser()
            let refused = FormText.decode(
                queryOf: try await h.authorize(browser, h.request()).headers[.location] ?? "")
            #expect(refused["error"] == ["invalid_request"])
            #expect(refused["error_description"]?.first?.contains("Push this request first") == true)
            #expect(try await h.authorize(browser, pushed: h.pushed()).input("interaction") != nil)
        }
    }

    @Test func `a client that was registered to push cannot send its request in the URL`() async throws {
        try await Harness.run { h in
            var h = h
            h.registered = RegisteredClient(
                id: try ClientID("strict"), name: "Strict", redirectURIs: [try RedirectURI(Harness.redirect)],
                requirements: [.pushedRequests], createdAt: h.clock.now)
            let client = h.registered
            try await h.gatehouse.store.write { _ = try $0.clients.insert(client) }
            let browser = h.browser()
            let refused = try await h.authorize(browser, h.request())
            #expect(FormText.decode(queryOf: refused.headers[.location] ?? "")["error"] == ["invalid_request"])
            #expect(try await h.authorize(browser, pushed: h.pushed()).input("interaction") != nil)
        }
    }
}
