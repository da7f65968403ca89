import NIOCore
import NIOPosix

/// A keep-alive connection for one request at a time, which notes when each answer was there.
struct KeptConnection: Sendable {
    struct Answer: Sendable {
        let status: Int
        let body: String
        let at: NIODeadline
    }

    private let channel: any Channel

    static func open(to target: Target, on loop: any EventLoop) async throws -> KeptConnection {
        let channel = try await ClientBootstrap(group: loop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(AnswerReader())
                }
            }
            .connect(host: "127.0.0.1", port: target.port).get()
        return KeptConnection(channel: channel)
    }

    /// Sends a request; the answer may take its time.
    func send(_ request: ByteBuffer) -> EventLoopFuture<Answer> {
        let answer = channel.eventLoop.makePromise(of: Answer.self)
        channel.writeAndFlush(AnswerReader.Question(request: request, answer: answer)).cascadeFailure(to: answer)
        return answer.futureResult
    }

    func close() { channel.close(promise: nil) }
}

private final class AnswerReader: ChannelDuplexHandler {
    struct Question: Sendable {
        let request: ByteBuffer
        let answer: EventLoopPromise<KeptConnection.Answer>
    }

    typealias InboundIn = ByteBuffer
    typealias OutboundIn = Question
    typealias OutboundOut = ByteBuffer

    private var received = ByteBuffer()
    private var waiting: EventLoopPromise<KeptConnection.Answer>?

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let question = unwrapOutboundIn(data)
        received.clear()
        waiting = question.answer
        context.write(wrapOutboundOut(question.request), promise: promise)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        received.writeBuffer(&bytes)
        guard let (head, body) = WireMessage.first(in: received) else { return }
        waiting?.succeed(
            .init(
                status: Int(head.dropFirst(9).prefix(3)) ?? 0, body: String(decoding: body, as: UTF8.self), at: .now()))
        waiting = nil
    }

    func channelInactive(context: ChannelHandlerContext) {
        waiting?.fail(BenchmarkFailure("the server closed a connection that waited for an answer"))
        waiting = nil
    }
}
