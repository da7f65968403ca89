import NIOCore
import NIOHTTP1
import NIOPosix
package import OAuth

/// The loopback listener of a client, to which the user's browser returns with the response of the authorization server.
///
/// Spec: RFC 8252 §7.3
package final class RedirectListener: Sendable {
    private static let path = "/callback"

    private let channel: any Channel
    private let responses: AsyncStream<Parameters>

    private init(_ channel: any Channel, _ responses: AsyncStream<Parameters>) {
        self.channel = channel
        self.responses = responses
    }

    /// The redirect URI, with the port that the system chose.
    package var redirect: String { "http://127.0.0.1:\(channel.localAddress?.port ?? 0)\(Self.path)" }

    /// Listens on a free port of 127.0.0.1.
    package static func start() async throws(ClientFailure) -> RedirectListener {
        let (responses, arrival) = AsyncStream<Parameters>.makeStream(bufferingPolicy: .bufferingOldest(16))
        let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline(withErrorHandling: true)
                    try channel.pipeline.syncOperations.addHandler(BrowserHandler(path: path) { arrival.yield($0) })
                }
            }
        do {
            return RedirectListener(try await bootstrap.bind(host: "127.0.0.1", port: 0).get(), responses)
        } catch {
            throw ClientFailure("This machine gives no port on 127.0.0.1 for the answer of the browser.")
        }
    }

    /// The first response with this state. Any other program of this machine can send responses, so those with another state are
    /// passed over.
    package func response(to attempt: AuthorizationAttempt) async throws(ClientFailure) -> Parameters {
        for await response in responses where (try? response.value("state")) == attempt.state { return response }
        throw ClientFailure("The wait for the browser was ended.")
    }

    /// Stops listening.
    package func stop() {
        channel.close(promise: nil)
    }
}

/// Answers browsers with a page that says what to do next, and passes on the parameters of responses.
private final class BrowserHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let path: String
    private let receive: @Sendable (Parameters) -> Void

    init(path: String, receive: @escaping @Sendable (Parameters) -> Void) {
        self.path = path
        self.receive = receive
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .head(let head) = unwrapInboundIn(data) else { return }
        let parts = head.uri.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard head.method == .GET, parts[0] == path, parts.count == 2,
            let parameters = try? Parameters(query: parts[1])
        else { return answer(.notFound, "This page does not exist.", context) }
        // The page comes first: the program may end as soon as it has the response.
        answer(.ok, "The answer has arrived. Close this page and return to the terminal.", context) { [receive] in
            receive(parameters)
        }
    }

    /// Writes a page without scripts, links and values of the request, and says when it was sent.
    private func answer(
        _ status: HTTPResponseStatus, _ sentence: String, _ context: ChannelHandlerContext,
        then sent: @escaping @Sendable () -> Void = {}
    ) {
        let page = "<!doctype html><html lang=\"en\"><title>gatehouse call</title><p>\(sentence)</p></html>"
        let fields = HTTPHeaders([
            ("Content-Type", "text/html; charset=utf-8"), ("Content-Length", "\(page.utf8.count)"),
            ("Cache-Control", "no-store"), ("Content-Security-Policy", "default-src 'none'"),
            ("Referrer-Policy", "no-referrer"), ("Connection", "close"),
        ])
        context.write(
            wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: status, headers: fields))), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: page)))), promise: nil)
        let channel = context.channel
        context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in
            channel.close(promise: nil)
            sent()
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
