import HTTPTypes
import HummingbirdTesting
import JOSE
import NIOCore
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

@Suite("The public listener")
struct EdgeTests {
    private static let programs = ["/token", "/revoke", "/introspect"]
    private static let pages = ["/authorize", "/login", "/consent", "/account"]

    @Test func `a path has one spelling`() async throws {
        try await Harness.run { h in
            for path in Self.programs {
                for odd in [
                    "/" + path, path + "/", path + "/.", "/." + path, "/x/.." + path, path + ";x=1", path + "%2f",
                    "/%74" + path.dropFirst(2), path.uppercased(), path + "%00", "/\\" + path.dropFirst(), path + "%20",
                ] {
                    let answer = try await h.send(String(odd), [("token", "x")])
                    #expect(answer.status == .notFound, "\(odd)")
                }
            }
        }
    }

    @Test func `health, metrics and administration are not on this listener`() async throws {
        try await Harness.run { h in
            for path in ["/healthz", "/readyz", "/metrics", "/v1/administration", "/admin", "/.git/config"] {
                for method in [HTTPRequest.Method.get, .post, .put, .delete] {
                    let answer = try await h.client.execute(
                        uri: path, method: method, headers: [.userAgent: "kube-probe/1"])
                    #expect(answer.status == .notFound, "\(method) \(path)")
                }
            }
        }
    }

    @Test func `a header's name with underscores is another header`() async throws {
        try await Harness.run { h in
            let credentials = "Basic " + Base64URL.encode(Array("\(h.resource.id):\(h.resourceSecret.reveal())".utf8))
            let form: HTTPFields = [.contentType: "application/x-www-form-urlencoded"]
            func introspect(_ name: String, _ value: String, _ more: HTTPFields) async throws -> TestResponse {
                var headers = more
                headers[try #require(HTTPField.Name(name))] = value
                return try await h.client.execute(
                    uri: "/introspect", method: .post, headers: headers, body: ByteBuffer(string: "token=x"))
            }
            for name in ["Proxy_Authorization", "HTTP_AUTHORIZATION", "Authorization_", "_Authorization"] {
                #expect(try await introspect(name, credentials, form).status == .unauthorized, "\(name)")
            }
            let type = "application/x-www-form-urlencoded"
            #expect(try await introspect("Content_Type", type, [.authorization: credentials]).status == .badRequest)
            let browser = h.browser()
            let page = try await h.authorize(browser, h.request())
            let answer = try await browser.post(
                "/login",
                [
                    ("interaction", page.input("interaction") ?? ""), ("username", "ada"),
                    ("password", Harness.password),
                ],
                headers: [
                    try #require(HTTPField.Name("Sec_Fetch_Site")): "same-origin",
                    try #require(HTTPField.Name("Sec-Fetch-Site")): "cross-site",
                ])
            #expect(answer.status == .forbidden)
            #expect(try await h.browserLogins() == 0)
        }
    }

    @Test func `scripts of other origins reach only endpoints without cookies`() async throws {
        try await Harness.run { h in
            for path in Self.programs + Self.pages {
                let isOpen = path == "/token" || path == "/revoke"
                let unasked = try await h.client.execute(uri: path, method: .get)
                #expect(unasked.headers[.accessControlAllowOrigin] == (isOpen ? "*" : nil), "\(path)")
                let asked = try await h.client.execute(
                    uri: path, method: .options,
                    headers: [.origin: "https://evil.example", .accessControlRequestMethod: "POST"])
                #expect(asked.headers[.accessControlAllowOrigin] == (isOpen ? "*" : nil), "\(path)")
                #expect(asked.headers[.accessControlAllowCredentials] == nil)
                let sent = try await h.client.execute(
                    uri: path, method: .post,
                    headers: [.origin: "https://evil.example", .contentType: "application/x-www-form-urlencoded"],
                    body: ByteBuffer(string: "a=b"))
                #expect(sent.headers[.accessControlAllowOrigin] == (isOpen ? "*" : nil), "\(path)")
                #expect(sent.headers[.accessControlAllowCredentials] == nil)
            }
        }
    }

    @Test func `only metadata and the stylesheet are cacheable, and metadata sets no cookie`() async throws {
        try await Harness.run { h in
            let browser = h.browser()
            let tokens = try await h.tokens(browser)
            let dynamic = [
                try await h.refresh(tokens.refresh), try await h.refresh("x"), try await h.send("/revoke", []),
                try await h.send("/introspect", [("token", tokens.access)]),
                try await h.authorize(browser, h.request()), try await h.authorize(h.browser(), h.request()),
                try await h.authorize(browser, h.request(["scope": "nonsense"])), try await browser.get("/consent"),
                try await browser.get("/nothing"),
            ]
            for answer in dynamic { #expect(answer.headers[.cacheControl] == "no-store") }
            for path in ["/.well-known/oauth-authorization-server", "/jwks"] {
                let answer = try await browser.get(path)
                #expect(answer.status == .ok)
                #expect(answer.headers[.setCookie] == nil)
            }
        }
    }

    @Test func `oversized input is refused before it is read`() async throws {
        try await Harness.run { h in
            let large = try await h.send("/token", [("grant_type", String(repeating: "a", count: 1 << 20))])
            #expect(large.status == .contentTooLarge)
            let many = try await h.send("/token", (0..<10_000).map { ("p\($0)", "") })
            #expect([.badRequest, .contentTooLarge].contains(many.status))
            let several = try await h.send("/token", (0..<101).map { ("p\($0)", "1") })
            #expect(several.error == "invalid_request")
            let long = try await h.authorize(h.browser(), h.request(["state": String(repeating: "s", count: 1 << 20)]))
            #expect(long.status == .uriTooLong)
            let json = try await h.client.execute(
                uri: "/token", method: .post, headers: [.contentType: "application/json"],
                body: ByteBuffer(string: "{}"))
            #expect(json.status == .badRequest)
        }
    }

    @Test func `a scope of many words is refused at once`() async throws {
        try await Harness.run { h in
            let words = (0..<500).map { "s\($0)" }.joined(separator: " ")
            let answer = try await h.authorize(h.browser(), h.request(["scope": words]))
            #expect(FormText.decode(queryOf: answer.headers[.location] ?? "")["error"] == ["invalid_scope"])
            let code = try await h.code()
            let tokens = try await h.redeem(code).tokens
            // A refresh is never refused for additional scopes.
            let surplus = try await h.refresh(tokens.refresh, ["scope": words + " files:read"])
            #expect(surplus.tokens.scope == "files:read")
            #expect(try await h.refresh(tokens.refresh, ["scope": words]).error == "invalid_scope")
        }
    }

    @Test func `no input becomes part of an SQL statement`() async throws {
        let injections = [
            "' OR 1=1 --", "\" OR \"\"=\"", "'; DROP TABLE sessions; --", "?1",
            "%' UNION SELECT data FROM credentials --",
            "\\' OR 1=1 --", "1 OR 1=1",
        ]
        try await Harness.run { h in
            let tokens = try await h.tokens()
            for text in injections {
                let browser = h.browser()
                let page = try await h.authorize(browser, h.request())
                #expect(try await h.signIn(browser, at: page, as: text, password: text).status == .unauthorized)
                #expect(try await h.refresh(text).status == .badRequest)
                #expect(try await h.redeem(Redeemable(code: text, verifier: text)).status == .badRequest)
                #expect(try await h.send("/introspect", [("token", text)], basic: (text, text)).status == .unauthorized)
                #expect(try await h.send("/revoke", [("token", text), ("client_id", text)]).status == .unauthorized)
                #expect(try await h.authorize(browser, h.request(["client_id": text])).status == .badRequest)
            }
            #expect(try await h.refresh(tokens.refresh).status == .ok)
        }
    }
}
