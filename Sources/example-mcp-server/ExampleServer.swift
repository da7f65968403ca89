import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import OAuth
import ResourceServer

/// The MCP server: its routes and listener.
struct ExampleServer {
    let resource: ResourceIdentifier
    let protected: ProtectedResource
    let tools: Toolbox
    let calls: WaitingCalls?
    let receiver: EventReceiver?
    /// Nil without https: the authorization server sends users to https pages only.
    let desk: PaymentService?
    private let now: @Sendable () -> Int64

    /// - Parameter elicitations: the client for elicitations; nil when this server has no credentials of its own.
    /// - Parameter takesEvents: whether events arrive here, so that no call polls and revoked sessions are known at once.
    /// - Parameter cabinet: the store for users' API keys.
    /// - Parameter upstream: the third party whose pull requests are listed; nil without one.
    /// - Parameter pace: the pause before each step of background work.
    init(
        _ configuration: ProtectedResourceConfiguration, elicitations: Elicitations? = nil, takesEvents: Bool = false,
        cabinet: ServiceKeyStore = ServiceKeyStore(), upstream: Upstream? = nil, pace: Duration = .seconds(2),
        logger: Logger = Logger(label: "example-mcp-server")
    ) throws {
        resource = try ResourceIdentifier(configuration.resource)
        receiver = elicitations.flatMap { takesEvents ? EventReceiver($0) : nil }
        protected = try ProtectedResource(configuration, events: receiver)
        now = configuration.clock
        let origin = resource.origin
        desk = elicitations.flatMap {
            origin.hasPrefix("https://")
                ? PaymentService(book: OrderBook(), origin: origin, elicitations: $0, now: configuration.clock) : nil
        }
        let expenses = elicitations.map {
            ExpenseService($0, pace: pace, now: configuration.clock, logger: logger)
        }
        tools = Toolbox(
            resource: protected, elicitations: elicitations, cabinet: cabinet, upstream: upstream, desk: desk,
            expenses: expenses, now: configuration.clock)
        let seal = RequestStateSeal(clock: configuration.clock)
        calls = elicitations.map { [receiver] in WaitingCalls($0, seal: seal, receiver: receiver) }
    }

    /// The service that listens on `host` and `port`.
    func application(
        host: String, port: Int, transport: HTTPServerBuilder = .http1(), logger: Logger,
        onServerRunning: @escaping @Sendable (any Channel) async -> Void = { _ in }
    ) -> some ApplicationProtocol {
        Application(
            router: router(), server: transport,
            configuration: .init(address: .hostname(host, port: port), serverName: nil),
            onServerRunning: onServerRunning, logger: logger)
    }

    /// The routes: the MCP endpoint, its metadata, events and the payment page.
    private func router() -> Router<BasicRequestContext> {
        let router = Router(options: .autoGenerateHeadEndpoints)
        router.add(
            middleware: RebindingGuard(
                host: String(resource.origin.drop { $0 != "/" }.dropFirst(2)), origin: resource.origin,
                metadataPath: protected.metadataPath))
        let endpoint = MCPEndpoint(
            resource: protected, tools: tools, calls: calls, states: CallStateSeal(now: now))
        let path = RouterPath(resource.path.isEmpty ? "/" : resource.path)
        router.post(path) { request, context in try await endpoint.respond(to: request, context: context) }
        // This server offers no stream outside of calls and no session that a client could delete.
        router.get(path) { _, _ in Response(status: .methodNotAllowed, headers: [.allow: "POST"]) }
        router.delete(path) { _, _ in Response(status: .methodNotAllowed, headers: [.allow: "POST"]) }
        if let receiver {
            router.post("/events") { request, context in
                try await EventEndpoint(receiver: receiver).respond(to: request, context: context)
            }
        }
        if let desk {
            router.get(RouterPath(PaymentService.path)) { request, _ in await desk.show(request) }
            router.post(RouterPath(PaymentService.path)) { request, _ in try await desk.decide(request) }
        }
        router.get(RouterPath(protected.metadataPath)) { _, _ in metadata() }
        return router
    }

    /// The protected resource metadata, cacheable and readable by every origin.
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
