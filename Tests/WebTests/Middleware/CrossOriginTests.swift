import HTTPTypes
import Hummingbird
import Testing

@testable import Web

@Suite("Fetch §3.3 CORS")
struct CrossOriginTests {
    static let open = [
        "/token", "/revoke", "/jwks", "/.well-known/oauth-authorization-server", "/.well-known/openid-configuration",
    ]
    static let closed = ["/authorize", "/login", "/consent", "/account", "/nothing", "/assets/gatehouse.css", "/"]

    private static func preflight(_ method: String) -> HTTPFields {
        [
            .origin: "https://app.example", .accessControlRequestMethod: method,
            .accessControlRequestHeaders: "mcp-protocol-version",
        ]
    }

    @Test(arguments: open)
    func `a preflight for an open endpoint allows every origin, without credentials`(
        path: String
    ) async throws {
        let (response, _) = try await TestRoutes().ask(.options, path, headers: Self.preflight("POST"))
        #expect(response.status == .noContent)
        #expect(response.headers[.accessControlAllowOrigin] == "*")
        #expect(response.headers[.accessControlAllowCredentials] == nil)
        let allowed = response.headers[.accessControlAllowHeaders] ?? ""
        for name in ["MCP-Protocol-Version", "Authorization", "Content-Type"] { #expect(allowed.contains(name)) }
    }

    @Test(arguments: closed)
    func `a preflight anywhere else is refused`(path: String) async throws {
        let (response, _) = try await TestRoutes().ask(.options, path, headers: Self.preflight("POST"))
        #expect(response.status == .notFound || response.status == .methodNotAllowed)
        #expect(response.headers[.accessControlAllowOrigin] == nil)
        #expect(response.headers[.accessControlAllowMethods] == nil)
    }

    @Test(arguments: open)
    func `the CORS header does not depend on Origin, so that a cache stores one response`(
        path: String
    ) async throws {
        for origin in [nil, "https://app.example", "null"] {
            var headers = RequestPipelineTests.form
            headers[.origin] = origin
            for method in [HTTPRequest.Method.get, .post, .head, .delete] {
                let (response, _) = try await TestRoutes().ask(method, path, headers: headers, body: "a=b")
                #expect(response.headers[.accessControlAllowOrigin] == "*", "\(method) \(path)")
                #expect(response.headers[.vary] == nil)
            }
        }
    }

    @Test func `a preflight allows the requested headers and ignores malformed names`() async throws {
        var headers = Self.preflight("POST")
        headers[.accessControlRequestHeaders] = "authorization, x-stainless-lang,DPoP, traceparent, not a name, é"
        let (response, _) = try await TestRoutes().ask(.options, "/token", headers: headers)
        let allowed = response.headers[.accessControlAllowHeaders]
        #expect(allowed == "MCP-Protocol-Version, Authorization, Content-Type, DPoP, x-stainless-lang, traceparent")
        #expect(response.headers[.accessControlAllowMethods] == "POST")
        #expect(response.headers[.allow] == "POST")
    }

    @Test(arguments: closed)
    func `no script may read the pages`(path: String) async throws {
        let (response, _) = try await TestRoutes().ask(.get, path, headers: [.origin: "http://localhost:8080"])
        #expect(response.headers[.accessControlAllowOrigin] == nil)
    }

    @Test func `a script may read an answer, an error and the challenge in it`() async throws {
        var headers = RequestPipelineTests.form
        headers[.accept] = "application/json"
        headers[.origin] = "https://app.example"
        headers[.authorization] = "Basic eA=="
        let (response, text) = try await TestRoutes().ask(.post, "/token", headers: headers, body: "a=b")
        #expect(response.status == .unauthorized)
        #expect(response.headers[.accessControlAllowOrigin] == "*")
        #expect(response.headers[.accessControlExposeHeaders] == "WWW-Authenticate, Retry-After, DPoP-Nonce")
        #expect(response.headers[.accessControlAllowCredentials] == nil)
        #expect(text.contains("invalid_client"))
    }

    @Test func `a preflight for a foreign host is refused like any request`() async throws {
        let (response, _) = try await TestRoutes().ask(
            .options, "/token", authority: "evil.example", headers: Self.preflight("POST"))
        #expect(response.status == .badRequest)
    }

    @Test(
        arguments: [
            ("same-origin", nil), ("same-origin", "null"), ("same-origin", "http://localhost:8080"),
            (nil, "http://localhost:8080"), (nil, nil), (nil, "null"),
        ] as [(String?, String?)])
    func `a form of our own page passes`(site: String?, origin: String?) async throws {
        let (response, _) = try await TestRoutes().ask(.post, "/consent", headers: Self.sent(site, origin))
        #expect(response.status == .ok)
    }

    @Test(
        arguments: [
            ("cross-site", nil), ("same-site", nil), ("none", nil), ("cross-site", "http://localhost:8080"),
            ("cross-site", "null"), ("same-site", "null"), ("none", "null"), ("", "null"),
            ("same-origin", "https://evil.example"), ("same-origin", "http://localhost:8081"),
            (nil, "https://evil.example"), (nil, "http://localhost:8081"), (nil, "http://localhost:8080.evil.example"),
            ("same-origin, cross-site", nil),
        ] as [(String?, String?)])
    func `a form from another site is refused`(site: String?, origin: String?) async throws {
        let (response, _) = try await TestRoutes().ask(.post, "/consent", headers: Self.sent(site, origin))
        #expect(response.status == .forbidden)
    }

    @Test func `a form below another path is checked too`() async throws {
        let sent = Self.sent("cross-site", nil)
        #expect(try await TestRoutes().ask(.post, "/e/pag_x", headers: sent).0.status == .forbidden)
        #expect(try await TestRoutes().ask(.post, "/elsewhere", headers: sent).0.status == .notFound)
    }

    @Test func `a token request from another site passes`() async throws {
        let (response, _) = try await TestRoutes().ask(
            .post, "/revoke", headers: Self.sent("cross-site", "https://x.example"))
        #expect(response.status == .ok)
    }

    private static func sent(_ site: String?, _ origin: String?) -> HTTPFields {
        var headers = RequestPipelineTests.form
        headers[FieldNames.fetchSite] = site
        headers[.origin] = origin
        return headers
    }
}
