import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1

/// Ends a connection whose head or body does not arrive in time, whose body does not end, or whose peer takes nothing;
/// asks for the body that a client holds back; and sees to it that a message that cannot be read is answered.
///
/// It stands behind the HTTP decoder and brings further handlers to the front, which see the raw bytes: a head that
/// trickles in produces no message that could be timed, only bytes.
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
    /// When the connection is closed, if nothing arrives before; nil while it may rest.
    private var due: NIODeadline?
    private var timer: (at: NIODeadline, task: Scheduled<Void>)?
    private var isGone = false
    private var listeners: [@Sendable () -> Void] = []
    /// Requests that were read and not answered to the end.
    private var unanswered = 0
    /// Whether the newest request's client waits for a word before it sends the body.
    private var isBodyHeldBack = false
    /// Whether nothing more is read: a message was malformed, or the last answer is on its way.
    private var isOver = false
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
            // Without its eyes the guard guards nothing.
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
        hangUp()
        context.fireChannelInactive()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { stall?.end() } else { stall?.begin() }
        context.fireChannelWritabilityChanged()
    }

    /// Calls `act` once the other end hangs up while the present request is answered; at once if it has.
    func whenGone(_ act: @escaping @Sendable () -> Void) {
        guard !isGone else { return act() }
        listeners.append(act)
    }

    /// Asks the client for the body that it holds back, if it does.
    ///
    /// Spec: RFC 9110 §10.1.1
    func askForBody(_ channel: any Channel) {
        guard isBodyHeldBack else { return }
        isBodyHeldBack = false
        // From the end of the pipeline, so that it passes the codec like any answer; here it is not counted as one.
        channel.writeAndFlush(HTTPResponsePart.head(HTTPResponse(status: .continue)), promise: nil)
    }

    fileprivate func hangUp() {
        isGone = true
        for act in listeners { act() }
        listeners = []
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isOver else { return }
        switch unwrapInboundIn(data) {
        case .head(let head):
            phase = .body
            bodyLength = 0
            unanswered += 1
            listeners = []
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
            due = nil
        }
        context.fireChannelRead(data)
    }

    /// A message that cannot be read is answered in its turn, and is the connection's last.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard error is HTTPParserError, !isOver, context.channel.isActive else {
            context.fireErrorCaught(error)
            return
        }
        isOver = true
        switch phase {
        case .body where unanswered > 0:
            // Whoever reads the body finds the error at the place where it broke off.
            context.fireErrorCaught(error)
        case .body:
            bid(farewell: context)
        case .waiting, .head:
            // No request came of it, so the answer needs one to hang on.
            unanswered += 1
            due = nil
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
            // Hummingbird answers a malformed message by itself as well: one answer is enough.
            promise?.succeed()
        case .head(var head):
            // A body that was not asked for may come or not: what follows it on this connection could not be told. An answer
            // to what is malformed says by itself that it is the last.
            isLastAnswer =
                unanswered == 1 && (isOver || isBodyHeldBack || head.headerFields[.connection] == "close")
            if isLastAnswer { head.headerFields[.connection] = "close" }
            context.write(wrapOutboundOut(.head(head)), promise: promise)
        case .body:
            context.write(data, promise: promise)
        case .end:
            unanswered -= 1
            guard isLastAnswer else { return context.write(data, promise: promise) }
            context.writeAndFlush(data, promise: promise)
            bid(farewell: context)
        }
    }

    /// Sends nothing more, and leaves the other end a moment to hang up: closed at once, bytes that are still on their
    /// way here could take the answer away.
    private func bid(farewell context: ChannelHandlerContext) {
        isOver = true
        context.close(mode: .output, promise: nil)
        arm(limits.farewell, context.channel)
    }

    /// Starts the head's time, unless a request is already on its way.
    fileprivate func bytesArrived(_ channel: any Channel) {
        guard phase == .waiting, !isOver else { return }
        phase = .head
        arm(limits.head, channel)
    }

    private func arm(_ time: TimeAmount, _ channel: any Channel) {
        let due = channel.eventLoop.now + time
        self.due = due
        // A timer that goes off earlier looks again by itself: setting one for each request cost more than the rest
        // of this guard.
        if let timer, timer.at <= due { return }
        wake(at: due, channel)
    }

    private func wake(at time: NIODeadline, _ channel: any Channel) {
        timer?.task.cancel()
        let guarded = NIOLoopBound(self, eventLoop: channel.eventLoop)
        timer = (time, channel.eventLoop.scheduleTask(deadline: time) { guarded.value.look(channel) })
    }

    private func look(_ channel: any Channel) {
        timer = nil
        guard let due else { return }
        guard due <= channel.eventLoop.now else { return wake(at: due, channel) }
        channel.close(promise: nil)
    }
}

/// Sees the bytes of requests before HTTP does.
private final class FirstByteHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let owner: ConnectionGuard

    init(of owner: ConnectionGuard) {
        self.owner = owner
    }

    /// Line ends between requests begin none (RFC 9112 §2.2): some clients send one behind a body.
    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let isLineEnd = { (byte: UInt8) in byte == UInt8(ascii: "\r") || byte == UInt8(ascii: "\n") }
        if !unwrapInboundIn(data).readableBytesView.allSatisfy(isLineEnd) { owner.bytesArrived(context.channel) }
        context.fireChannelRead(data)
    }
}

/// Hears that the other end hangs up.
///
/// Who closes only his sending side gets his answer, and gets it now. Heard at the front, because the HTTP pipeline
/// behind keeps it back until that answer is written.
private final class DisconnectHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let owner: ConnectionGuard

    init(of owner: ConnectionGuard) {
        self.owner = owner
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .inputClosed? = event as? ChannelEvent { owner.hangUp() }
        context.fireUserInboundEventTriggered(event)
    }
}
