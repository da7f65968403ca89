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

/// The log lines of refusals, as the documentation promises them.
@Suite("The log of refusals")
struct RefusalLogTests {
    private func play(_ test: @Sendable @escaping (Harness, CapturedLog) async throws -> Void) async throws {
        let log = CapturedLog()
        try await Harness.run(log: log.logger) { h in try await test(h, log) }
    }

    /// The one line at `info` or above about a refusal that has all of these words.
    private func found(_ log: CapturedLog, _ words: String...) throws -> String {
        let found = log.lines.filter { line in
            line.hasPrefix("info refused ") && words.allSatisfy { line.contains($0) }
        }
        #expect(
            found.count == 1, "\(words) in \(log.lines.filter { !$0.hasPrefix("debug") && !$0.hasPrefix("trace") })")
        return try #require(found.first)
    }

    /// The reference that a page shows.
    private func reference(_ page: TestResponse) throws -> String {
        let parts = page.text.split(separator: "Reference <code>")
        return String(try #require(parts.dropFirst().first).prefix { $0 != "<" })
    }

    @Test func `a wrong URL, a foreign request and an unknown callback are logged with the reference of their page`()
        async throws
    {
        try await play { h, log in
            let browser = h.browser()
            for (path, route, status) in [
                ("/nowhere", "NotFound", "404"),
                ("/connect/hub/callback?state=unknown", "/connect/{provider}/callback", "403"),
                ("/consent?interaction=unknown", "/consent", "403"),
            ] {
                let page = try await browser.get(path, accept: "text/html")
                let line = try found(log, "reference=\(try reference(page))")
                #expect(line.contains("route=\(route) ") && line.contains("status=\(status)"), "\(line)")
                #expect(line.contains("cause=") && !line.contains("unknown"))
            }
        }
    }

    @Test func `a refused authorization is logged with client, route, status, reference and private reason`()
        async throws
    {
        try await play { h, log in
            let page = try await h.authorize(h.browser(), h.request(["client_id": "nobody"]))
            let line = try found(log, "reference=\(try reference(page))")
            #expect(line.contains("client=nobody") && line.contains("error=invalid_client"))
            #expect(line.contains("route=/authorize") && line.contains("status=400"))
            #expect(line.contains("cause=unknown client nobody"))
        }
    }

    @Test func `a wrong secret of an MCP server is logged with its id, at every route, and never with the secret`()
        async throws
    {
        try await play { h, log in
            let wrong = AskingServer(resource: h.resource, secret: .random())
            _ = try await h.send(
                "/introspect", [("token", "token-canary")], basic: (h.resource.id.string, wrong.secret.reveal()))
            _ = try await h.call(.post, "/events/poll", [:], as: wrong)
            _ = try await h.call(.get, "/elicitations/unknown", as: wrong)
            for route in ["/introspect", "/events/poll", "/elicitations/{id}"] {
                let line = try found(log, "route=\(route) ")
                #expect(line.contains("resource=\(h.resource.id)") && line.contains("status=401"), "\(line)")
                #expect(line.contains("error=invalid_client") && line.contains("cause=wrong secret"))
            }
            #expect(!log.lines.contains { $0.contains("canary") || $0.contains(wrong.secret.reveal()) })
        }
    }

    @Test func `a wrong secret, a wrong code and an expired token are logged with the client's id`()
        async throws
    {
        try await play { h, log in
            _ = try await h.send(
                "/token",
                [
                    ("grant_type", "authorization_code"), ("code", "gate_c_canary"), ("client_id", "quill"),
                    ("redirect_uri", Harness.redirect), ("code_verifier", String(repeating: "v", count: 43)),
                ])
            #expect(try found(log, "error=invalid_grant").contains("client=quill"))
            _ = try await h.send(
                "/token",
                [
                    ("grant_type", "refresh_token"), ("refresh_token", "x"), ("client_id", "quill"),
                    ("client_secret", "secret-canary"),
                ])
            let secret = try found(log, "error=invalid_client")
            #expect(secret.contains("client=quill"))
            #expect(secret.contains("cause=quill authenticated by client_secret_post; it is registered with none"))
            #expect(!log.lines.contains { $0.contains("canary") })
        }
    }

    @Test func `a secret in place of a client id and the query of a document's URL are not logged`() async throws {
        try await play { h, log in
            for id in [ClientSecret.random().reveal(), "https://app.example/c.json?key=canary"] {
                _ = try await h.send(
                    "/token", [("grant_type", "refresh_token"), ("refresh_token", "x"), ("client_id", id)])
            }
            _ = try await h.send("/introspect", [("token", "x")], basic: (h.resourceSecret.reveal(), "x"))
            #expect(log.lines.contains { $0.contains("client=(a secret in the place of an id)") })
            #expect(log.lines.contains { $0.contains("client=app.example/c.json ") })
            #expect(!log.lines.contains { $0.contains("gate_s_") || $0.contains("canary") })
        }
    }

    @Test func `prompt=none without a signed-in user is logged`() async throws {
        try await play { h, log in
            _ = try await h.authorize(h.browser(), h.request(["prompt": "none"]))
            let line = try found(log, "error=login_required")
            #expect(line.contains("client=quill") && line.contains("reference="))
        }
    }

    @Test func `a wrong account is logged with the elicitation and without the user`() async throws {
        try await play { h, log in
            _ = try await h.addUser("bob")
            let asked = try await h.askAnew(try await h.tokens().access, "once")
            let bob = h.browser()
            _ = try await h.open(bob, asked, as: "bob")
            let line = try found(log, "elicitation=\(asked.id)")
            #expect(line.contains("status=403") && line.contains("cause=the request belongs to another account"))
            #expect(!line.contains("bob") && !line.contains("ada"))
        }
    }

    @Test func `the trace id of a request is in its log line and in its records`() async throws {
        try await play { h, log in
            let trace = "0af7651916cd43dd8448eb211c80319c"
            _ = try await h.client.execute(
                uri: "/introspect", method: .post,
                headers: [
                    .contentType: "application/x-www-form-urlencoded",
                    HTTPField.Name("traceparent")!: "00-\(trace)-b7ad6b7169203331-01",
                ])
            #expect(try found(log, "route=/introspect ").contains("trace=\(trace)"))
        }
    }

    @Test func `equal refusals are one line a minute, with their number and references`() async throws {
        try await play { h, log in
            for _ in 0..<50 { _ = try await h.send("/introspect", [("token", "x")], basic: ("res_none", "x")) }
            #expect(log.lines.filter { $0.hasPrefix("info refused") }.count == 1)
            h.clock.advance(by: 60)
            await Housekeeper(h.gatehouse, log: log.logger).round()
            let lines = log.lines.filter { $0.hasPrefix("info refused") }
            #expect(lines.count == 2)
            #expect(lines.last?.contains("repeated=49") == true && lines.last?.contains("references=") == true)
        }
    }

    @Test func `no refusal logs a whole URI, a code, a token or a state`() async throws {
        try await play { h, log in
            let browser = h.browser()
            _ = try await h.authorize(
                browser, h.request(["redirect_uri": "https://evil.example/cb?code=canary", "state": "state-canary"]))
            _ = try await h.authorize(browser, h.request(["resource": "https://x.example/path-canary?q=canary"]))
            _ = try await h.send("/revoke", [("token", "token-canary"), ("client_id", "nobody")])
            _ = try await browser.get("/connect/hub/callback?state=canary&code=canary", accept: "text/html")
            _ = try await browser.get("/canary/path?x=canary", accept: "text/html")
            #expect(log.lines.filter { $0.hasPrefix("info refused") }.count >= 4)
            #expect(!log.lines.contains { $0.hasPrefix("info") && $0.contains("canary") })
        }
    }
}
