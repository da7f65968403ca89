import HTTPTypes
import Hummingbird
import ServerSupport
import TestSupport
import Testing

@testable import Web

@Suite("The request pipeline")
struct RequestPipelineTests {
    private let routes: TestRoutes

    init() throws {
        routes = try TestRoutes()
    }

    static let form: HTTPFields = [.contentType: "application/x-www-form-urlencoded", .accept: "text/html"]

    @Test(arguments: [
        (HTTPRequest.Method.get, "/login", 200), (.post, "/login", 200), (.get, "/consent", 200),
        (.post, "/consent", 200), (.get, "/authorize", 400), (.get, "/broken", 500), (.get, "/nothing", 404),
        (.get, "//login", 404),
    ])
    func `every HTML response has every security header, including errors`(
        method: HTTPRequest.Method, path: String, status: Int
    ) async throws {
        let (response, _) = try await routes.ask(method, path, headers: Self.form)
        #expect(response.status.code == status)
        #expect(response.headers[.contentType] == "text/html; charset=utf-8")
        #expect(response.headers[.contentSecurityPolicy] == SecurityHeaders.policy)
        #expect(response.headers[FieldNames.frameOptions] == "DENY")
        let hasForm = method == .get && ["/login", "/consent"].contains(path)
        #expect(response.headers[FieldNames.referrerPolicy] == (hasForm ? "same-origin" : "no-referrer"))
        #expect(response.headers[FieldNames.openerPolicy] == "same-origin")
        #expect(response.headers[.xContentTypeOptions] == "nosniff")
        #expect(response.headers[.cacheControl] == "no-store")
        #expect(response.headers[.strictTransportSecurity] == nil)
    }

    @Test func `an issuer on https asks browsers to stay there`() async throws {
        let routes = try TestRoutes(issuer: "https://auth.example.com")
        let (response, _) = try await routes.ask(.get, "/login", authority: "auth.example.com")
        #expect(response.headers[.strictTransportSecurity] == "max-age=31536000")
    }

    @Test func `the policy allows frames, scripts and inline styles nowhere`() {
        #expect(SecurityHeaders.policy.contains("frame-ancestors 'none'"))
        #expect(SecurityHeaders.policy.contains("default-src 'none'"))
        #expect(SecurityHeaders.policy.contains("form-action 'self'"))
        #expect(!SecurityHeaders.policy.contains("unsafe"))
    }

    @Test(arguments: [
        "//login", "/login/", "/login//", "/./login", "/a/../login", "/login%2f", "/%6cogin", "/login;x=1", "/login%00",
        "/LOGIN", "/login/..", "/login#x", "/log\\in", "login", "*", "/.well-known//openid-configuration",
        "/login%3Fx", "/login%20",
    ])
    func `a path in any other spelling is not found`(path: String) async throws {
        let (response, _) = try await routes.ask(.get, path)
        #expect(response.status == .notFound)
    }

    @Test(arguments: ["/login", "/login?next=//x/../%2f;a", "/jwks?"])
    func `the query may contain characters that the path may not`(path: String) async throws {
        let (response, _) = try await routes.ask(.get, path)
        #expect(response.status == .ok)
    }

    @Test func `a state of one megabyte is refused by its length alone`() async throws {
        let state = String(repeating: "a", count: 1 << 20)
        let (response, text) = try await routes.ask(.get, "/authorize?state=" + state)
        #expect(response.status == .uriTooLong)
        #expect(!text.contains("aaaa"))
    }

    @Test func `a body over 64 KiB is refused`() async throws {
        let body = String(repeating: "a", count: 64 * 1024 + 1)
        let (response, _) = try await routes.ask(.post, "/token", headers: Self.form, body: body)
        #expect(response.status == .contentTooLarge)
        var announced = Self.form
        announced[.contentLength] = "99999999999999999999"
        let (early, _) = try await routes.ask(.post, "/token", headers: announced)
        #expect(early.status == .contentTooLarge)
    }

    @Test(arguments: [nil, "application/json", "text/plain", "multipart/form-data; boundary=x"])
    func `a form of another type is refused`(type: String?) async throws {
        var headers: HTTPFields = [:]
        headers[.contentType] = type
        let (response, text) = try await routes.ask(.post, "/token", headers: headers, body: "a=b")
        #expect(response.status == .badRequest)
        #expect(text.contains("\"invalid_request\""))
    }

    @Test func `the stylesheet is served once and then confirmed by its tag`() async throws {
        let (first, text) = try await routes.ask(.get, "/assets/gatehouse.css")
        #expect(first.headers[.contentType] == "text/css; charset=utf-8")
        #expect(text.contains("prefers-color-scheme: dark"))
        let tag = try #require(first.headers[.eTag])
        let (second, _) = try await routes.ask(.get, "/assets/gatehouse.css", headers: [.ifNoneMatch: tag])
        #expect(second.status == .notModified)
    }

    @Test func `an issuer with a path serves the stylesheet below it`() async throws {
        let routes = try TestRoutes(issuer: "http://localhost:8080/t1")
        let (response, _) = try await routes.ask(.get, "/t1/assets/gatehouse.css")
        #expect(response.status == .ok)
    }

    @Test func `the log contains the route and never the path, the query or the body`() async throws {
        _ = try await routes.ask(.get, "/login?code=canary-query")
        _ = try await routes.ask(.get, "/canary-path?canary-query")
        _ = try await routes.ask(.post, "/token", headers: Self.form, body: "client_secret=canary-body")
        let log = routes.log.lines.joined(separator: "\n")
        #expect(log.contains("/login"))
        #expect(!log.contains("canary"))
        #expect(!routes.metrics.counts.isEmpty && routes.metrics.counts.keys.allSatisfy { !$0.contains("canary") })
    }

    @Test func `requests are counted by route, method and status`() async throws {
        _ = try await routes.ask(.get, "/login")
        _ = try await routes.ask(.get, "/login")
        _ = try await routes.ask(try #require(HTTPRequest.Method("BREW")), "/login")
        let counts = routes.metrics.counts
        #expect(counts[#"gatehouse_http_requests_total{route="/login",method="GET",status="200"}"#] == 2)
        #expect(counts[#"gatehouse_http_requests_total{route="/login",method="other",status="405"}"#] == 1)
    }
}
