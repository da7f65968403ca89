import AuthorizationServer
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import JOSE
import NIOCore
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

@testable import Web

@Suite("The form of refusals by audience")
struct RefusalFormTests {
    /// What Java sends by itself.
    private static let java: HTTPFields = [.accept: "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2"]
    private static let json: HTTPFields = [.accept: "application/json"]

    /// A refusal that is made before any handler.
    struct Refused: Sendable, CustomTestStringConvertible {
        let method: HTTPRequest.Method
        let path: String
        let status: Int
        var headers: HTTPFields = [:]
        var body = ""

        var testDescription: String { "\(method) \(path) \(status)" }
    }

    private static let form = "application/x-www-form-urlencoded"
    private static let large = String(repeating: "a", count: 64 * 1024 + 1)

    private static let programs =
        ["/token", "/par", "/revoke", "/introspect"].flatMap { path in
            [
                Refused(method: .post, path: path, status: 400, headers: [.contentType: "text/plain"], body: "a=b"),
                Refused(method: .post, path: path, status: 413, headers: [.contentType: form], body: large),
                Refused(method: .post, path: path, status: 400, headers: [.transferEncoding: "gzip, chunked"]),
                Refused(method: .get, path: path, status: 405), Refused(method: .delete, path: path, status: 405),
                Refused(method: .head, path: path, status: 405),
            ]
        } + [
            Refused(
                method: .post, path: "/elicitations", status: 400, headers: [.contentType: "text/html"], body: "{}"),
            Refused(
                method: .post, path: "/jobs", status: 413, headers: [.contentType: "application/json"], body: large),
            Refused(method: .post, path: "/events/poll", status: 413, body: large),
            Refused(method: .post, path: "/events/poll", status: 401),
            Refused(method: .get, path: "/jobs/x", status: 401),
            Refused(method: .put, path: "/sessions/x", status: 405), Refused(method: .post, path: "/jwks", status: 405),
            Refused(method: .delete, path: "/.well-known/oauth-authorization-server", status: 405),
            Refused(method: .get, path: "/elicitations/redeem", status: 405),
        ]

    @Test(arguments: programs)
    func `a route of programs refuses in JSON, whatever Accept says`(refused: Refused) async throws {
        try await Harness.run { h in
            for accept in [Self.java, [.accept: "text/html"], [:]] {
                var headers = refused.headers
                for field in accept { headers.append(field) }
                let answer = try await h.client.execute(
                    uri: refused.path, method: refused.method, headers: headers, body: ByteBuffer(string: refused.body))
                #expect(answer.status.code == refused.status)
                #expect(answer.headers[.contentType] == "application/json")
                #expect(answer.headers[.cacheControl] == "no-store")
                #expect(answer.headers[.contentSecurityPolicy] == nil)
                if refused.method != .head { #expect(answer.error != nil) }
            }
        }
    }

    private static let pages = [
        Refused(method: .post, path: "/login", status: 400, headers: [.contentType: "application/json"], body: "{}"),
        Refused(method: .post, path: "/consent", status: 413, headers: [.contentType: form], body: large),
        Refused(method: .post, path: "/account", status: 403, headers: [FieldNames.fetchSite: "cross-site"]),
        Refused(method: .put, path: "/authorize", status: 405), Refused(method: .get, path: "/login", status: 405),
        Refused(method: .get, path: "/authorize", status: 400), Refused(method: .get, path: "/consent", status: 403),
        Refused(method: .get, path: "/account?notice=a&notice=b", status: 400),
    ]

    @Test(arguments: pages)
    func `pages and forms refuse in HTML, whatever is accepted`(refused: Refused) async throws {
        try await Harness.run { h in
            for accept in [Self.json, [:]] {
                var headers = refused.headers
                for field in accept { headers.append(field) }
                let answer = try await h.client.execute(
                    uri: refused.path, method: refused.method, headers: headers, body: ByteBuffer(string: refused.body))
                #expect(answer.status.code == refused.status)
                #expect(answer.headers[.contentType] == "text/html; charset=utf-8")
                #expect(answer.headers[.cacheControl] == "no-store")
            }
        }
    }

    @Test func `a foreign Host is refused in the form of its route`() async throws {
        let routes = try TestRoutes()
        let (program, _) = try await routes.ask(.post, "/token", authority: "evil.example", headers: Self.java)
        #expect(program.status == .badRequest && program.headers[.contentType] == "application/json")
        let (page, _) = try await routes.ask(.get, "/login", authority: "evil.example", headers: Self.json)
        #expect(page.status == .badRequest && page.headers[.contentType] == "text/html; charset=utf-8")
    }

    @Test(arguments: [
        ("/token", HTTPRequest.Method.get, "POST"), ("/token", .delete, "POST"),
        ("/jwks", .post, "GET, HEAD"), ("/authorize", .delete, "GET, POST"),
        ("/login", .get, "POST"), ("/elicitations/x", .post, "DELETE, GET"), ("/authorize", .head, "GET, POST"),
        ("/account", .put, "GET, HEAD, POST"),
        ("/elicitations/x/result", .put, "DELETE, GET, POST"), ("/assets/gatehouse.css", .post, "GET, HEAD"),
        ("/login", .options, "POST"), ("/sessions/x", .options, "DELETE"),
    ])
    func `a known path by a wrong method is 405 and names the right ones`(
        path: String, method: HTTPRequest.Method, allowed: String
    ) async throws {
        try await Harness.run { h in
            let answer = try await h.client.execute(uri: path, method: method)
            #expect(answer.status == .methodNotAllowed)
            #expect(answer.headers[.allow] == allowed)
            let unknown = try await h.client.execute(uri: path + "/nothing", method: method)
            #expect(unknown.status == .notFound && unknown.headers[.allow] == nil)
        }
    }

    @Test func `HEAD runs only routes that read, and every other route refuses it`() async throws {
        try await Harness.run { h in
            let issuer = h.gatehouse.settings.issuer
            let renderer = try PageRenderer(templatesDirectory: TestRoutes.templates, base: issuer.path)
            let pipeline = RequestPipeline(issuer: issuer, renderer: renderer, proxies: .nobody)
            let pages = Routes.main(h.gatehouse, pipeline).filter { $0.method == .get }
            let reading = pages.filter { $0.audience != .document && $0.answersHead }.map(\.template)
            #expect(Set(reading) == ["/account", "/account/sign-in", Stylesheet.path])
            #expect(pages.count > 10)
            for route in pages {
                let path = route.template.replacing(/\{[a-z]+\}/, with: "x")
                let answer = try await h.client.execute(uri: path, method: .head)
                let read = try await h.client.execute(uri: path, method: .get).status
                #expect(answer.status == (route.answersHead ? read : .methodNotAllowed), "\(path)")
                #expect(answer.body.readableBytes == 0)
            }
        }
    }

    @Test(arguments: ["/account", Stylesheet.path, "/jwks"])
    func `HEAD is answered as GET is, without the content, where that only reads`(path: String) async throws {
        try await Harness.run { h in
            let whole = try await h.client.execute(uri: path, method: .get)
            let head = try await h.client.execute(uri: path, method: .head)
            #expect(head.status == .ok && whole.status == .ok)
            #expect(head.headers[.contentType] == whole.headers[.contentType])
            #expect(head.headers[.eTag] == whole.headers[.eTag])
            #expect(head.body.readableBytes == 0 && whole.body.readableBytes > 0)
        }
    }

    @Test func `HEAD begins no authorization request`() async throws {
        try await Harness.run { h in
            let address = "/authorize?" + FormText.encode(h.request())
            let answer = try await h.client.execute(uri: address, method: .head)
            #expect(answer.status == .methodNotAllowed && answer.headers[.setCookie] == nil)
            #expect(try await h.interactions() == 0)
        }
    }

    @Test func `HEAD spends no callback of a provider`() async throws {
        let provider = try await LoopbackProvider.start()
        try await Harness.run { h in
            try await h.providers.add(provider)
            let asked = try await Asked(h.providers.ask(h.tokens().access))
            let browser = h.browser()
            let state = try await h.providers.depart(browser, asked)
            let address = "/connect/hub/callback?code=code-canary&state=\(state)"
            let answer = try await browser.head(address)
            #expect(answer.status == .methodNotAllowed)
            #expect(try await h.providers.connections().isEmpty && provider.tokenRequests.isEmpty)
            #expect(try await h.providers.comeBack(browser, state: state).status == .ok)
            #expect(try await h.stored(asked)?.status == .completed)
        }
        try await provider.stop()
    }
}
