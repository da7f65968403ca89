import NIOCore

/// What one connection sends, one request after another; it lives on the connection's event loop.
protocol RequestSource: AnyObject {
    /// The next request, given the body of the last answer; nil when there is nothing more to send.
    func next(after body: ByteBufferView?) -> ByteBuffer?
}

/// What one connection saw.
struct Tally: Sendable {
    /// Nanoseconds from request to answer, of the answers inside the measured time.
    var latencies: [UInt32] = []
    /// Answers with another status than 200 and 201.
    var failures = 0
    /// The first such answer.
    var firstFailure: String?
}

/// One keep-alive HTTP/1.1 connection that always has exactly one request under way.
///
/// It reads only what Gatehouse writes: a status line, fields, and a body with a Content-Length. A full parser would
/// cost the load generator what it is there to measure.
final class LoadConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let source: any RequestSource
    private let window: ClosedRange<NIODeadline>
    private let done: EventLoopPromise<Tally>
    private var tally = Tally()
    private var received = ByteBuffer()
    private var sentAt = NIODeadline.now()

    init(source: any RequestSource, window: ClosedRange<NIODeadline>, done: EventLoopPromise<Tally>) {
        self.source = source
        self.window = window
        self.done = done
    }

    func channelActive(context: ChannelHandlerContext) { send(after: nil, context: context) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        received.writeBuffer(&bytes)
        guard let (status, body) = answer() else { return }
        let now = NIODeadline.now()
        if window.contains(now) {
            tally.latencies.append(UInt32(clamping: (now - sentAt).nanoseconds))
        }
        if status != 200, status != 201 {
            tally.failures += 1
            tally.firstFailure = tally.firstFailure ?? "\(status) \(String(decoding: body, as: UTF8.self))"
        }
        send(after: body, context: context)
    }

    func channelInactive(context: ChannelHandlerContext) { done.succeed(tally) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        tally.failures += 1
        tally.firstFailure = tally.firstFailure ?? "\(error)"
        context.close(promise: nil)
    }

    private func send(after body: ByteBufferView?, context: ChannelHandlerContext) {
        guard NIODeadline.now() < window.upperBound, tally.failures < 100, let request = source.next(after: body) else {
            return context.close(promise: nil)
        }
        received.clear()
        sentAt = .now()
        context.writeAndFlush(wrapOutboundOut(request), promise: nil)
    }

    /// Status and body, once all of the answer is there.
    private func answer() -> (status: Int, body: ByteBufferView)? {
        guard let (head, body) = WireMessage.first(in: received), let status = Int(head.dropFirst(9).prefix(3)) else {
            return nil
        }
        return (status, body)
    }
}

/// HTTP/1.1 as Gatehouse writes it, to clients and to receivers of events.
enum WireMessage {
    /// Head and body, once all of the message is there.
    static func first(in buffer: ByteBuffer) -> (head: String, body: ByteBufferView)? {
        let bytes = buffer.readableBytesView
        guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
        let head = String(decoding: bytes[..<end.lowerBound], as: UTF8.self)
        let lines = head.split(separator: "\r\n")
        let length = lines.first { $0.lowercased().hasPrefix("content-length:") }
            .flatMap { Int($0.drop { $0 != ":" }.dropFirst().drop { $0 == " " }) }
        guard let length, bytes.distance(from: end.upperBound, to: bytes.endIndex) >= length else { return nil }
        return (head, bytes[end.upperBound...])
    }
}
