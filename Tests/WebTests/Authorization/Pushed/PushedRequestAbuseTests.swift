import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import TestSupport
import Testing

@testable import Storage

@Suite("RFC 9126 pushed authorization requests under abuse")
struct PushedRequestAbuseTests {
    /// Whether a response is the error page, without a way on and without a redirect.
    private func isRefused(_ answer: TestResponse) -> Bool {
        answer.status == .badRequest && answer.isPage("error") && answer.input("interaction") == nil
            && answer.headers[.location] == nil
    }

    @Test func `a request_uri is valid for its client alone, in its exact spelling, for 90 seconds`() async throws {
        try await Harness.run { h in
            _ = try await h.register("other", redirects: [Harness.redirect])
            let uri = try await h.pushed()
            let browser = h.browser()
            for (client, sent) in [
                ("other", uri), ("nobody", uri), ("quill", String(uri.dropLast())), ("quill", uri + "A"),
                ("quill", uri.prefix(40) + String(uri.dropFirst(40)).swappingCase), ("quill", uri + " "),
                ("quill", "urn:ietf:params:oauth:request_uri:"),
            ] {
                #expect(isRefused(try await h.authorize(browser, pushed: sent, client: client)), "\(client) \(sent)")
            }
            #expect(isRefused(try await h.authorize(browser, [("request_uri", uri)])))
            #expect(isRefused(try await h.authorize(browser, pushed: uri, more: [("request_uri", uri)])))
            h.clock.advance(by: 89)
            #expect(try await h.authorize(browser, pushed: uri).input("interaction") != nil)
            h.clock.advance(by: 1)
            #expect(isRefused(try await h.authorize(browser, pushed: uri)))
            #expect(try await h.interactions() == 0)
        }
    }

    @Test func `a request_uri of any other form is not supported, and goes to no verified redirect by itself`()
        async throws
    {
        try await Harness.run { h in
            let uri = try await h.pushed()
            for sent in ["https://169.254.169.254/latest", "URN:" + uri.dropFirst(4), "urn:example:x"] {
                #expect(isRefused(try await h.authorize(h.browser(), pushed: sent)), "\(sent)")
            }
        }
    }

    @Test func `of fifty sign-ins with one request_uri one opens a request`() async throws {
        try await Harness.run { h in
            let uri = try await h.pushed()
            var pages: [(TestBrowser, TestResponse)] = []
            for _ in 0..<50 {
                let browser = h.browser()
                pages.append((browser, try await h.authorize(browser, pushed: uri)))
            }
            let answers = try await withThrowingTaskGroup(of: TestResponse.self) { [pages] group in
                for (browser, page) in pages { group.addTask { try await h.signIn(browser, at: page) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(answers.count { $0.status == .seeOther } <= 1)
            #expect(try await h.interactions() <= 1)
            // Those that had to wait for the password check sign in afterwards.
            for (browser, page) in pages { _ = try await h.signIn(browser, at: page) }
            #expect(try await h.interactions() == 1)
            #expect(try await h.pushedRows() == [true])
        }
    }

    @Test func `a used request_uri opens nothing in another browser, signed in or not`() async throws {
        try await Harness.run { h in
            let (uri, other) = (try await h.pushed(), h.browser())
            let late = try await h.authorize(h.browser(), pushed: uri)
            let browser = h.browser()
            _ = try await h.signIn(browser, at: try await h.authorize(browser, pushed: uri))
            #expect(isRefused(try await h.authorize(other, pushed: uri)))
            _ = try await h.consentPage(other, h.request())
            #expect(isRefused(try await h.authorize(other, pushed: uri)))
            let count = try await h.interactions()
            #expect(late.input("interaction") != nil && count == 2)
        }
    }

    @Test func `a push is refused for the reasons of an authorization request, and leaves no row`() async throws {
        try await Harness.run { h in
            let uri = PushedRequestURI.random().reveal()
            for (changes, error) in [
                (["redirect_uri": "https://evil.example/cb"], "invalid_request"),
                (["redirect_uri": nil], "invalid_request"),
                (["response_type": "token"], "unsupported_response_type"), (["code_challenge": nil], "invalid_request"),
                (["code_challenge_method": "plain"], "invalid_request"),
                (["resource": "https://elsewhere.example/mcp"], "invalid_target"),
                (["request": "e30"], "request_not_supported"),
                (["request_uri": uri], "invalid_request"), (["prompt": "none login"], "invalid_request"),
                (["acr_values": "urn:unknown", "max_age": "x"], "invalid_request"),
                (["acr_values": "urn:unknown"], "unmet_authentication_requirements"),
                (["state": String(repeating: "s", count: 4097)], "invalid_request"),
            ] as [([String: String?], String)] {
                let answer = try await h.push(changes)
                #expect(answer.status == .badRequest && answer.error == error, "\(changes): \(answer.text)")
            }
            #expect(try await h.client.execute(uri: "/par", method: .get).status == .methodNotAllowed)
            #expect(try await h.send("/par?client_id=quill", h.request()).error == "invalid_request")
            #expect(try await h.pushedRows().isEmpty)
        }
    }

    @Test func `a client without the grant, a blocked client and a removed MCP server are refused`() async throws {
        try await Harness.run { h in
            var service = h
            service.registered = RegisteredClient(
                id: try ClientID("service"), name: "Service", redirectURIs: [try RedirectURI(Harness.redirect)],
                grantTypes: [.refreshToken], createdAt: h.clock.now)
            let (client, start) = (service.registered, h.clock.now)
            try await h.gatehouse.store.write { _ = try $0.clients.insert(client) }
            #expect(try await service.push().error == "unauthorized_client")
            let uri = try await h.pushed()
            let block = ClientRule(.client(h.registered.id), .block, createdAt: start)
            try await h.gatehouse.store.write { try $0.clientRules.set(block) }
            #expect(try await h.push().error == "invalid_client")
            #expect(
                isRefused(try await h.authorize(h.browser(), pushed: uri)), "what was pushed before is checked again")
            #expect(try await h.interactions() == 0)
        }
    }

    @Test func `the 201st open request of a network is refused, and a client with a secret is not affected`()
        async throws
    {
        try await Harness.run { h in
            let secret = ClientSecret.random()
            _ = try await h.register("vault", redirects: [Harness.redirect], secret: secret)
            _ = try await h.register("other", redirects: [Harness.redirect])
            for _ in 0..<200 { #expect(try await h.push().status == .created) }
            for client in ["quill", "other"] {
                let refused = try await h.push(["client_id": client])
                #expect(refused.status == .tooManyRequests && refused.error == "too_many_requests")
                #expect(refused.headers[.retryAfter] != nil)
            }
            #expect(try await h.pushedRows().count == 200)
            #expect(
                try await h.push(["client_id": "vault", "client_secret": secret.reveal()]).status == .created)
            h.clock.advance(by: 90)
            #expect(try await h.push().status == .created)
        }
    }

    @Test func `a client that registered itself pushes, and counts with its network even with a secret`() async throws {
        try await Harness.run { h in
            let registered = try await h.register(
                Harness.registration(["token_endpoint_auth_method": "client_secret_basic"])
            ).json
            let (id, secret) = (registered["client_id"]?.string ?? "", registered["client_secret"]?.string ?? "")
            let own: [String: String?] = ["client_id": id, "redirect_uri": Harness.loopback]
            #expect(try await h.push(own, basic: (id, secret)).status == .created)
            #expect(try await h.push(own).error == "invalid_client")
            let pushers = try await h.gatehouse.store.read { tx in
                try tx.all("SELECT pusher FROM pushed_requests") { try $0.text(0) }
            }
            #expect(pushers.count == 1 && pushers.allSatisfy { $0.hasPrefix("network ") })
        }
    }

    @Test func `a network that pushes too often is refused before anything else, and may push again later`()
        async throws
    {
        try await Harness.run { h in
            for _ in 0..<600 { #expect(try await h.push(["client_id": "nobody"]).error == "invalid_client") }
            let refused = try await h.push()
            #expect(refused.status == .tooManyRequests && refused.headers[.retryAfter] != nil)
            #expect(try await h.pushedRows().isEmpty)
            h.clock.advance(by: 1)
            #expect(try await h.push().status == .created)
        }
    }

    @Test func `the open requests of a client can be deleted with it`() async throws {
        try await Harness.run { h in
            _ = try await h.pushed()
            let id = h.registered.id
            try await h.gatehouse.store.write { try $0.pushedRequests.removeOpen(of: id) }
            #expect(try await h.pushedRows().isEmpty)
        }
    }

    @Test func `nothing of a secret is stored with a pushed request`() async throws {
        try await Harness.run { h in
            let secret = ClientSecret.random()
            _ = try await h.register("vault", redirects: [Harness.redirect], secret: secret)
            let uri = try await h.push(["client_id": "vault", "client_secret": secret.reveal()]).json["request_uri"]
            let stored = try await h.gatehouse.store.read { tx in
                try tx.first("SELECT request || pusher || client_id || hex(digest) FROM pushed_requests") {
                    try $0.text(0)
                }
            }
            #expect(stored?.contains("redirect_uri=") == true && stored?.contains("secret") == false)
            #expect(stored?.contains(String(uri?.string?.suffix(43) ?? "none")) == false)
        }
    }
}

extension String {
    fileprivate var swappingCase: String {
        String(map { $0.isUppercase ? Character($0.lowercased()) : Character($0.uppercased()) })
    }
}
