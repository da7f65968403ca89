import NIOCore
import NIOPosix
import Synchronization

/// A proxy on loopback that opens tunnels (CONNECT) to one server, whatever the name.
final class TunnelProxy: Sendable {
    private final class Asked: Sendable {
        let heads = Mutex<[String]>([])
    }

    let port: Int
    private let channel: any Channel
    private let asked: Asked

    /// The heads of the requests.
    var heads: [String] { asked.heads.withLock { $0 } }

    /// Starts a proxy to a port of 127.0.0.1, which answers a request with `answer`; it opens the tunnel if that is a 200.
    static func start(
        to target: Int, answer: String = "HTTP/1.1 200 Connection established\r\n\r\n"
    ) async throws -> TunnelProxy {
        let asked = Asked()
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        ProxyHandler(target: target, answer: answer) { head in asked.heads.withLock { $0.append(head) }
                        })
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        return TunnelProxy(port: channel.localAddress?.port ?? 0, channel: channel, asked: asked)
    }

    private init(port: Int, channel: any Channel, asked: Asked) {
        self.port = port
        self.channel = channel
        self.asked = asked
    }
}

/// The client's side of a tunnel.
private final class ProxyHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let target: Int
    private let answer: String
    private let record: (String) -> Void
    private var head = ""
    private var server: (any Channel)?
    private var waiting: [ByteBuffer] = []
    private var isAnswered = false

    init(target: Int, answer: String, record: @escaping (String) -> Void) {
        self.target = target
        self.answer = answer
        self.record = record
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        guard !isAnswered else {
            if let server { server.writeAndFlush(bytes, promise: nil) } else { waiting.append(bytes) }
            return
        }
        head += String(buffer: bytes)
        guard head.hasSuffix("\r\n\r\n") else { return }
        isAnswered = true
        record(head)
        let client = context.channel
        let reply = context.channel.allocator.buffer(string: answer)
        guard answer.contains(" 200 ") else {
            context.writeAndFlush(wrapOutboundOut(reply), promise: nil)
            return
        }
        ClientBootstrap(group: context.eventLoop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Backwards(to: client))
                }
            }
            .connect(host: "127.0.0.1", port: target)
            .assumeIsolated()
            .whenSuccess { server in
                self.server = server
                client.writeAndFlush(reply, promise: nil)
                for bytes in self.waiting { server.writeAndFlush(bytes, promise: nil) }
            }
    }

    func channelInactive(context: ChannelHandlerContext) { server?.close(promise: nil) }
}

/// The server's side of a tunnel.
private final class Backwards: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let client: any Channel

    init(to client: any Channel) {
        self.client = client
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        client.writeAndFlush(unwrapInboundIn(data), promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) { client.close(promise: nil) }
}
