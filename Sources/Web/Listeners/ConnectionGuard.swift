import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1

/// Closes a connection whose head or body arrives too slowly, whose body is too long, or whose peer reads nothing. Sends
/// `100 Continue`, and answers malformed messages.
///
/// The guard runs on the event loop of its connection, behind the HTTP decoder. It adds handlers in front of the decoder that
/// see raw bytes, because a head that trickles in (as in a Slowloris attack) produces no message whose time could be measured.
final class ConnectionGuard: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private enum Phase {
        case waiting
        case head
        case body
    }

    private let limits: ConnectionLimits
    private var phase = Phase.waiting
    private var bodyLength = 0
    /// The time at which the connection closes unless the awaited part arrives; nil while the connection is idle.
    private var deadline: NIODeadline?
    private var timer: (at: NIODeadline, task: Scheduled<Void>)?
    private var isDisconnected = false
    private var disconnectActions: [@Sendable () -> Void] = []
    /// The number of requests that are not yet answered completely.
    private var unanswered = 0
    /// Whether the client of the last request waits for `100 Continue` before it sends the body.
    private var isBodyHeldBack = false
    /// Whether the guard ignores further input, because a message was malformed or the last answer is being sent.
    private var isClosing = false
    private var isLastAnswer = false
    private var stall: StallDetector?

    init(limits: ConnectionLimits) {
        self.limits = limits
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let pipeline = context.pipeline.syncOperations
        do {
            let decoder = try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
            try pipeline.addHandler(FirstByteHandler(of: self), position: .before(decoder))
            try pipeline.addHandler(DisconnectHandler(of: self), position: .first)
            let codec = try pipeline.handler(type: HTTP1ToHTTPServerCodec.self)
            try pipeline.addHandler(RequestTargetHandler(), position: .before(codec))
        } catch {
            // Without these handlers the guard cannot enforce its limits.
            context.close(promise: nil)
        }
        stall = limits.stall.map { StallDetector(patience: $0, channel: context.channel) }
        if context.channel.isActive { bytesArrived(context.channel) }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        timer?.task.cancel()
        stall?.end()
    }

    func channelActive(context: ChannelHandlerContext) {
        bytesArrived(context.channel)
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.task.cancel()
        stall?.end()
        peerDisconnected()
        context.fireChannelInactive()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { stall?.end() } else { stall?.begin() }
        context.fireChannelWritabilityChanged()
    }

    /// Calls `act` when the peer disconnects before the current request is answered, or at once if it already has.
    func whenDisconnected(_ act: @escaping @Sendable () -> Void) {
        guard !isDisconnected else { return act() }
        disconnectActions.append(act)
    }

    /// Sends `100 Continue` if the client waits for it.
    ///
    /// Spec: RFC 9110 §10.1.1
    func askForBody(_ channel: any Channel) {
        guard isBodyHeldBack else { return }
        isBodyHeldBack = false
        // Written at the end of the pipeline, so that it passes the codec; `write` does not count it as an answer.
        channel.writeAndFlush(HTTPResponsePart.head(HTTPResponse(status: .continue)), promise: nil)
    }

    fileprivate func peerDisconnected() {
        isDisconnected = true
        for act in disconnectActions { act() }
        disconnectActions = []
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isClosing else { return }
        switch unwrapInboundIn(data) {
        case .head(let head):
            phase = .body
            bodyLength = 0
            unanswered += 1
            disconnectActions = []
            isBodyHeldBack = head.headerFields[.expect]?.lowercased() == "100-continue"
            arm(limits.body, context.channel)
        case .body(let buffer):
            isBodyHeldBack = false
            bodyLength += buffer.readableBytes
            guard bodyLength <= limits.bodyLength else {
                context.close(promise: nil)
                return
            }
        case .end:
            isBodyHeldBack = false
            phase = .waiting
            deadline = nil
        }
        context.fireChannelRead(data)
    }

    /// Answers a malformed message after the requests before it, and then closes the connection.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard error is HTTPParserError, !isClosing, context.channel.isActive else {
            context.fireErrorCaught(error)
            return
        }
        isClosing = true
        switch phase {
        case .body where unanswered > 0:
            // The handler that reads the body gets the error and answers the request.
            context.fireErrorCaught(error)
        case .body:
            closeAfterLastAnswer(context)
        case .waiting, .head:
            // The head did not become a request, so a placeholder takes the way to the error answer.
            unanswered += 1
            deadline = nil
            context.fireChannelRead(wrapInboundOut(.head(MessageForm.unreadable)))
            context.fireChannelRead(wrapInboundOut(.end(nil)))
            context.fireChannelReadComplete()
        }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(let head) where head.status.kind == .informational:
            context.write(data, promise: promise)
        case _ where unanswered == 0:
            // Hummingbird answers a malformed message too; its second answer is dropped.
            promise?.succeed()
        case .head(var head):
            // A client that still waits for `100 Continue` may send its body or not, so the start of the next request is
            // unknown. The answer to a malformed message announces the end of the connection itself.
            isLastAnswer =
                unanswered == 1 && (isClosing || isBodyHeldBack || head.headerFields[.connection] == "close")
            if isLastAnswer { head.headerFields[.connection] = "close" }
            context.write(wrapOutboundOut(.head(head)), promise: promise)
        case .body:
            context.write(data, promise: promise)
        case .end:
            unanswered -= 1
            guard isLastAnswer else { return context.write(data, promise: promise) }
            context.writeAndFlush(data, promise: promise)
            closeAfterLastAnswer(context)
        }
    }

    /// Closes the sending side, and waits a moment for the peer to close. Closing both sides at once could reset the connection
    /// while input is still arriving, and the peer would lose the answer.
    private func closeAfterLastAnswer(_ context: ChannelHandlerContext) {
        isClosing = true
        context.close(mode: .output, promise: nil)
        arm(limits.farewell, context.channel)
    }

    /// Starts the time limit of the head, unless a request is being read.
    fileprivate func bytesArrived(_ channel: any Channel) {
        guard phase == .waiting, !isClosing else { return }
        phase = .head
        arm(limits.head, channel)
    }

    private func arm(_ time: TimeAmount, _ channel: any Channel) {
        let deadline = channel.eventLoop.now + time
        self.deadline = deadline
        // An earlier timer reschedules itself. Scheduling one for each request costs more than the rest of this guard.
        if let timer, timer.at <= deadline { return }
        wake(at: deadline, channel)
    }

    private func wake(at time: NIODeadline, _ channel: any Channel) {
        timer?.task.cancel()
        let guarded = NIOLoopBound(self, eventLoop: channel.eventLoop)
        timer = (time, channel.eventLoop.scheduleTask(deadline: time) { guarded.value.checkDeadline(channel) })
    }

    private func checkDeadline(_ channel: any Channel) {
        timer = nil
        guard let deadline else { return }
        guard deadline <= channel.eventLoop.now else { return wake(at: deadline, channel) }
        channel.close(promise: nil)
    }
}

/// Reports the first bytes of a request before the HTTP decoder sees them.
private final class FirstByteHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let owner: ConnectionGuard

    init(of owner: ConnectionGuard) {
        self.owner = owner
    }

    /// Line ends between requests do not begin one (RFC 9112 §2.2): some clients send one after a body.
    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let isLineEnd = { (byte: UInt8) in byte == UInt8(ascii: "\r") || byte == UInt8(ascii: "\n") }
        if !unwrapInboundIn(data).readableBytesView.allSatisfy(isLineEnd) { owner.bytesArrived(context.channel) }
        context.fireChannelRead(data)
    }
}

/// Reports that the peer has closed its sending side.
///
/// The peer may still read, so handlers that wait for an event answer at once. This handler is the first, because the HTTP
/// pipeline holds the event back until the answer is written.
private final class DisconnectHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let owner: ConnectionGuard

    init(of owner: ConnectionGuard) {
        self.owner = owner
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .inputClosed? = event as? ChannelEvent { owner.peerDisconnected() }
        context.fireUserInboundEventTriggered(event)
    }
}
