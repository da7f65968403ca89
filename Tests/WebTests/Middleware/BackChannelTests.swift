import AuthorizationServer
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import JOSE
import Logging
import NIOCore
import NIOEmbedded
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

@testable import Web

@Suite("The back channel of MCP servers")
struct BackChannelTests {
    private static let inside = "gatehouse.internal:8080"
    private static let foreign = "does not serve that host"

    /// Asks the server of `h` under a host, over a connection with this peer.
    private func ask(
        _ h: Harness, _ method: HTTPRequest.Method, _ path: String, host: String = inside, peer: String = "127.0.0.1",
        isEncrypted: Bool = false, headers: HTTPFields = [:], body: String = ""
    ) async throws -> (response: Response, text: String) {
        let renderer = try PageRenderer(templatesDirectory: TestRoutes.templates)
        let proxies = try ProxyTrust(proxies: ["10.0.0.1"])
        let router = Routes.router(
            h.gatehouse, renderer: renderer, proxies: proxies,
            backChannel: BackChannel(hosts: [Self.inside], isEncrypted: isEncrypted, proxies: proxies))
        let channel = EmbeddedChannel()
        try await channel.connect(to: SocketAddress(ipAddress: peer, port: 1)).get()
        let head = HTTPRequest(method: method, scheme: "http", authority: host, path: path, headerFields: headers)
        let response = try await router.respond(
            to: Request(head: head, body: RequestBody(buffer: ByteBuffer(string: body))),
            context: WebContext(source: .init(channel: channel, logger: CapturedLog().logger)))
        let collector = BodyCollector()
        try await response.body.write(collector)
        return (response, collector.text)
    }

    private static let form: HTTPFields = [.contentType: "application/x-www-form-urlencoded"]

    private static func form(as h: Harness) -> HTTPFields {
        var headers = form
        headers[.authorization] = Harness.basic(h.resource.id.string, h.resourceSecret.reveal())
        return headers
    }

    @Test func `its host serves only the endpoints of MCP servers`() async throws {
        try await Harness.run { h in
            let renderer = try PageRenderer(templatesDirectory: TestRoutes.templates)
            let pipeline = RequestPipeline(issuer: h.gatehouse.settings.issuer, renderer: renderer, proxies: .nobody)
            var answered: Set<String> = []
            for route in Routes.main(h.gatehouse, pipeline) {
                let path = route.template.replacing(/\{[a-z]+\}/, with: "x")
                let (response, text) = try await ask(h, route.method, path)
                guard !text.contains(Self.foreign) else {
                    #expect(response.status == .badRequest)
                    continue
                }
                answered.insert(route.template)
            }
            let prefixes = [
                "/jwks", "/introspect", "/revoke", "/token", "/elicitations", "/events/", "/sessions/", "/jobs",
                "/checkpoints", "/access/",
            ]
            #expect(answered.allSatisfy { path in prefixes.contains { path.hasPrefix($0) } })
            #expect(prefixes.allSatisfy { prefix in answered.contains { $0.hasPrefix(prefix) } })
            #expect(try await ask(h, .get, "/nothing").text.contains(Self.foreign))
        }
    }

    @Test func `an MCP server introspects there, and every URL in the response is the issuer's`() async throws {
        try await Harness.run { h in
            let tokens = try await h.tokens()
            let body = FormText.encode([("token", tokens.access)])
            let (response, text) = try await ask(h, .post, "/introspect", headers: Self.form(as: h), body: body)
            #expect(response.status == .ok)
            let answer = try JSONObject(parsing: Array(text.utf8))
            #expect(answer["active"] == true && answer["iss"] == "http://localhost")
            #expect(!text.contains("internal"))
        }
    }

    @Test func `it serves no grant but token exchange`() async throws {
        try await Harness.run { h in
            let tokens = try await h.tokens()
            let refresh: [(String, String)] = [
                ("grant_type", "refresh_token"), ("refresh_token", tokens.refresh ?? ""), ("client_id", "quill"),
                ("resource", h.resource.identifier.string),
            ]
            for form in [refresh, [("client_id", "quill")]] {
                let (response, text) = try await ask(
                    h, .post, "/token", headers: Self.form, body: FormText.encode(form))
                #expect(response.status == .badRequest && text.contains("unsupported_grant_type"))
                #expect(!text.contains("access_token"))
            }
            let exchange = FormText.encode([("grant_type", GrantType.tokenExchange.rawValue)])
            let (_, text) = try await ask(h, .post, "/token", headers: Self.form(as: h), body: exchange)
            #expect(!text.contains("unsupported_grant_type"), "it is looked at")
            // The refresh token was not spent.
            #expect(try await h.refresh(tokens.refresh).status == .ok)
        }
    }

    @Test(arguments: [
        ("127.0.0.1", false, true), ("127.8.8.8", false, true), ("::1", false, true), ("::ffff:127.0.0.1", false, true),
        ("10.0.0.1", false, true), ("10.0.0.2", false, false), ("198.51.100.1", false, false),
        ("fe80::1", false, false),
        ("198.51.100.1", true, true),
    ])
    func `without TLS it serves only this machine and trusted proxies`(
        peer: String, isEncrypted: Bool, works: Bool
    ) async throws {
        try await Harness.run { h in
            let (response, text) = try await ask(h, .get, "/jwks", peer: peer, isEncrypted: isEncrypted)
            #expect(response.status == (works ? .ok : .badRequest))
            #expect(text.contains(Self.foreign) == !works)
            // The issuer's own host is served on every connection.
            let own = try await ask(h, .get, "/jwks", host: "localhost", peer: peer, isEncrypted: isEncrypted)
            #expect(own.response.status == .ok)
        }
    }

    @Test(arguments: [
        "gatehouse.internal", "gatehouse.internal:80", "x.gatehouse.internal:8080", "gatehouse.internal:8080.",
    ])
    func `a host that only resembles it is refused`(host: String) async throws {
        try await Harness.run { h in
            let other = try await ask(h, .get, "/jwks", host: host)
            #expect(other.text.contains(Self.foreign))
            let own = try await ask(h, .get, "/jwks", host: "GATEHOUSE.internal:8080")
            #expect(own.response.status == .ok)
        }
    }
}
