import NIOCore
import NIOPosix
package import NIOSSL
import Synchronization

/// A server on loopback or a Unix socket that replies with any bytes and records requests.
package final class LoopbackServer: Sendable {
    /// The reply to a request.
    package enum Reply: Sendable {
        case bytes(String, thenClose: Bool = false)
        case silence
    }

    private struct Counts {
        var connections = 0
        var requests: [String] = []
    }

    /// The port.
    package let port: Int
    private let channel: any Channel
    private let counts: SharedCounts

    private final class SharedCounts: Sendable {
        let value = Mutex(Counts())
    }

    /// Starts a server on a free port of 127.0.0.1 or on a socket; `answer` gets each raw request.
    package static func start(
        tls: NIOSSLContext? = nil, socket: String? = nil, answer: @escaping @Sendable (_ request: String) -> Reply
    ) async throws -> LoopbackServer {
        let counts = SharedCounts()
        let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 1024)
            .childChannelInitializer { channel in
                counts.value.withLock { $0.connections += 1 }
                return channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if let tls { try pipeline.addHandler(NIOSSLServerHandler(context: tls)) }
                    try pipeline.addHandler(
                        Answerer { request in
                            counts.value.withLock { $0.requests.append(request) }
                            return answer(request)
                        })
                }
            }
        let channel =
            if let socket {
                try await bootstrap.bind(unixDomainSocketPath: socket).get()
            } else {
                try await bootstrap.bind(host: "127.0.0.1", port: 0).get()
            }
        return LoopbackServer(channel: channel, counts: counts)
    }

    private init(channel: any Channel, counts: SharedCounts) {
        self.channel = channel
        self.counts = counts
        port = channel.localAddress?.port ?? 0
    }

    /// The number of accepted connections.
    package var connections: Int { counts.value.withLock { $0.connections } }
    /// The raw requests.
    package var requests: [String] { counts.value.withLock { $0.requests } }

    /// Stops the server.
    package func stop() async throws {
        try await channel.close()
    }

    /// A complete HTTP response with Content-Length.
    package static func http(_ status: String, _ fields: String = "Content-Type: application/json", body: String)
        -> Reply
    {
        .bytes("HTTP/1.1 \(status)\r\n\(fields)\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
    }
}

private final class Answerer: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let answer: (String) -> LoopbackServer.Reply
    private var received = ""

    init(answer: @escaping (String) -> LoopbackServer.Reply) {
        self.answer = answer
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        received += String(buffer: unwrapInboundIn(data))
        guard let request = takeRequest() else { return }
        switch answer(request) {
        case .silence: break
        case .bytes(let text, let thenClose):
            let channel = context.channel
            let written = context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)))
            if thenClose { written.whenComplete { _ in channel.close(promise: nil) } }
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func takeRequest() -> String? {
        let parts = received.split(separator: "\r\n\r\n", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        let lengths = parts[0].split(separator: "\r\n").filter { $0.lowercased().hasPrefix("content-length:") }
        let length = lengths.first.flatMap { Int($0.dropFirst(15).drop { $0 == " " }) } ?? 0
        guard parts[1].utf8.count >= length else { return nil }
        defer { received = "" }
        return received
    }
}
