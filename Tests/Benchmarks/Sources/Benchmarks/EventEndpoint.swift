import Foundation
import NIOCore
import NIOPosix

/// The events endpoint of an MCP server: takes whatever comes, and notes when.
struct EventEndpoint: Sendable {
    /// An event that came: the claims of the token, and when all of it was there.
    struct Arrival: Sendable {
        let claims: Data
        let at: NIODeadline

        /// The elicitation that it is about.
        var elicitation: String? { object?["txn"] as? String }

        /// What a verification event wants back.
        var state: String? {
            let events = object?["events"] as? [String: [String: Any]]
            return events?.values.lazy.compactMap { $0["state"] as? String }.first
        }

        private var object: [String: Any]? { try? JSONSerialization.jsonObject(with: claims) as? [String: Any] }
    }

    let arrivals: AsyncStream<Arrival>
    private let channel: any Channel

    init(on loop: any EventLoop) async throws {
        let (arrivals, arrival) = AsyncStream<Arrival>.makeStream()
        self.arrivals = arrivals
        channel = try await ServerBootstrap(group: loop)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(EventTaker(arrival))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
    }

    var endpoint: String { "http://127.0.0.1:\(channel.localAddress?.port ?? 0)/events" }

    func close() { channel.close(promise: nil) }
}

private final class EventTaker: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let arrival: AsyncStream<EventEndpoint.Arrival>.Continuation
    private var received = ByteBuffer()

    init(_ arrival: AsyncStream<EventEndpoint.Arrival>.Continuation) { self.arrival = arrival }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        received.writeBuffer(&bytes)
        guard let (_, body) = WireMessage.first(in: received) else { return }
        let now = NIODeadline.now()
        let parts = String(decoding: body, as: UTF8.self).split(separator: ".")
        let claims = parts.count == 3 ? Self.decode(String(parts[1])) : nil
        arrival.yield(.init(claims: claims ?? Data(), at: now))
        received.clear()
        context.writeAndFlush(
            wrapOutboundOut(ByteBuffer(string: "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")), promise: nil)
    }

    private static func decode(_ text: String) -> Data? {
        let plain = text.replacing("-", with: "+").replacing("_", with: "/")
        return Data(base64Encoded: plain + String(repeating: "=", count: (4 - plain.count % 4) % 4))
    }
}
