import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import OAuth
import ResourceServer

/// The whole server: its routes, and where it listens.
struct ExampleServer {
    let resource: ResourceIdentifier
    let protected: ProtectedResource
    let tools: Toolbox

    init(
        _ configuration: ProtectedResourceConfiguration
    ) throws {
        resource = try ResourceIdentifier(configuration.resource)
        protected = try ProtectedResource(configuration)
        tools = Toolbox(resource: protected, now: configuration.clock)
    }

    func application(
        host: String, port: Int, logger: Logger,
        onServerRunning: @escaping @Sendable (any Channel) async -> Void = { _ in }
    ) -> some ApplicationProtocol {
        Application(
            router: router(),
            configuration: .init(address: .hostname(host, port: port), serverName: nil),
            onServerRunning: onServerRunning, logger: logger)
    }

    private func router() -> Router<BasicRequestContext> {
        let router = Router(options: .autoGenerateHeadEndpoints)
        router.add(
            middleware: RebindingGuard(
                host: String(resource.origin.drop { $0 != "/" }.dropFirst(2)), origin: resource.origin,
                metadataPath: protected.metadataPath))
        let endpoint = MCPEndpoint(resource: protected, tools: tools)
        let path = RouterPath(resource.path.isEmpty ? "/" : resource.path)
        router.post(path) { request, context in try await endpoint.respond(to: request, context: context) }
        // No stream of its own and no session to end.
        router.get(path) { _, _ in Response(status: .methodNotAllowed, headers: [.allow: "POST"]) }
        router.delete(path) { _, _ in Response(status: .methodNotAllowed, headers: [.allow: "POST"]) }
        router.get(RouterPath(protected.metadataPath)) { _, _ in metadata() }
        return router
    }

    private func metadata() -> Response {
        Response(
            status: .ok,
            headers: [
                .contentType: "application/json", .cacheControl: "public, max-age=300",
                .accessControlAllowOrigin: "*",
            ],
            body: .init(byteBuffer: ByteBuffer(bytes: protected.metadataDocument)))
    }
}
