import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import NIOEmbedded
import OAuth
import ServerSupport
import Synchronization
import TestSupport

@testable import AuthorizationServer
@testable import Web

/// The request pipeline with the distribution's templates and a few routes, asked without a socket.
struct TestRoutes {
    static let templates = "\(Workspace.root)/templates"

    let pipeline: RequestPipeline
    let responder: RouteResponder
    let log = CapturedLog()
    let metrics = CountedMetrics()

    init(issuer: String = "http://localhost:8080") throws {
        let issuer = try Issuer(issuer)
        pipeline = RequestPipeline(
            issuer: issuer, renderer: try PageRenderer(templatesDirectory: Self.templates, base: issuer.path),
            proxies: try ProxyTrust(proxies: []), counters: RequestCounters(factory: metrics),
            log: RefusalLog(logger: log.logger, refusals: DeduplicatedLog(log.logger, clock: .system)))
        responder = pipeline.responder(Self.routes(pipeline).map { $0.below(issuer.path) })
    }

    /// One route of each audience of the main listener, some of which fail.
    static func routes(_ pipeline: RequestPipeline) -> [Route] {
        [
            .document("/jwks", document), .document("/.well-known/oauth-authorization-server", document),
            .document("/.well-known/openid-configuration", document),
            .client("/token", .form()) { _, _, _ in
                throw OAuthError(.invalidClient, "The client is not known here.")
            },
            .client("/revoke", .bytes()) { _, _, _ in Response(status: .ok) },
            .page("/login") { _, _, _ in pipeline.answers.html(SignInPage.sample) },
            .form("/login") { _, _, _ in pipeline.answers.html(HandOffPage.sample) },
            .page("/consent") { _, _, _ in pipeline.answers.html(ConsentPage.sample) },
            .form("/consent") { _, _, _ in pipeline.answers.html(FinishedPage.sample) },
            .form("/e/{id}") { _, _, _ in pipeline.answers.html(FinishedPage.sample) },
            .page("/authorize") { _, context, _ in
                pipeline.answers.page(
                    for: OAuthError(.invalidRequest, "The client is not known here."), context: context)
            },
            .page("/broken") { _, _, _ in throw CocoaError(.fileNoSuchFile) },
            .page("/hung-up") { _, _, _ in throw CancellationError() },
            .page(Stylesheet.path, pipeline.stylesheet),
        ]
    }

    private static let document: Route.Handler = { _, _, _ in
        Response(status: .ok, headers: [.contentType: "application/json", .cacheControl: "max-age=60"])
    }

    /// Sends one request through the whole pipeline.
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

/// Collects the body of a response.
final class BodyCollector: ResponseBodyWriter, Sendable {
    private let collected = Mutex("")

    var text: String { collected.withLock { $0 } }

    func write(_ buffer: ByteBuffer) async throws { collected.withLock { $0 += String(buffer: buffer) } }

    func finish(_ trailingHeaders: HTTPFields?) async throws {}
}
