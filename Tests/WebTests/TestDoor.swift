import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import NIOEmbedded
import OAuth
import Synchronization
import TestSupport
import Web

/// The front door with the distribution's templates and a few routes, asked without a socket.
struct TestDoor {
    static let templates = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "templates").path()

    let door: FrontDoor
    let responder: RouterResponder<WebContext>
    let log = CapturedLog()

    init(issuer: String = "http://localhost:8080") throws {
        let issuer = try Issuer(issuer)
        door = FrontDoor(
            issuer: issuer, renderer: try PageRenderer(templatesDirectory: Self.templates, base: issuer.path),
            proxies: try ProxyTrust(proxies: []),
            openPaths: OpenPaths([
                "/token": [.post], "/revoke": [.post], "/jwks": [.get, .head],
                "/.well-known/oauth-authorization-server": [.get, .head],
                "/.well-known/openid-configuration": [.get, .head],
            ]),
            formPaths: FormPaths(["/login", "/consent"], below: ["/e/"]))
        responder = Self.router(door).buildResponder()
    }

    static func router(_ door: FrontDoor) -> Router<WebContext> {
        let router = door.router()
        router.get("/login") { _, _ in door.answers.html(SignInPage.sample) }
        router.post("/login") { request, _ in
            _ = try await request.formBytes()
            return door.answers.html(HandOffPage.sample)
        }
        router.get("/consent") { _, _ in door.answers.html(ConsentPage.sample) }
        router.post("/consent") { _, _ in door.answers.html(FinishedPage.sample) }
        router.get("/authorize") { _, context in
            door.answers.page(for: OAuthError(.invalidRequest, "The client is not known here."), context: context)
        }
        router.get("/broken") { _, _ -> Response in throw CocoaError(.fileNoSuchFile) }
        router.post("/token") { request, _ -> Response in
            _ = try await request.formBytes()
            throw OAuthError(.invalidClient, "The client is not known here.")
        }
        router.post("/revoke") { _, _ in Response(status: .ok) }
        for path in ["/jwks", "/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"] {
            router.get(RouterPath(path)) { _, _ in
                Response(status: .ok, headers: [.contentType: "application/json", .cacheControl: "max-age=60"])
            }
        }
        return router
    }

    /// Sends one request through the whole door.
    func ask(
        _ method: HTTPRequest.Method = .get, _ path: String, authority: String? = "localhost:8080",
        headers: HTTPFields = [:], body: String = ""
    ) async throws -> (response: Response, text: String) {
        let head = HTTPRequest(
            method: method, scheme: "http", authority: authority, path: path, headerFields: headers)
        let context = WebContext(source: .init(channel: EmbeddedChannel(), logger: log.logger))
        let response = try await responder.respond(
            to: Request(head: head, body: RequestBody(buffer: ByteBuffer(string: body))), context: context)
        let collector = BodyCollector()
        try await response.body.write(collector)
        return (response, collector.text)
    }
}

/// Keeps what a response writes.
final class BodyCollector: ResponseBodyWriter, Sendable {
    private let collected = Mutex("")

    var text: String { collected.withLock { $0 } }

    func write(_ buffer: ByteBuffer) async throws { collected.withLock { $0 += String(buffer: buffer) } }

    func finish(_ trailingHeaders: HTTPFields?) async throws {}
}
