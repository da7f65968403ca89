import Hummingbird
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1

/// Ends a connection whose head or body does not arrive in time, or whose body does not end.
///
/// It stands behind the HTTP decoder and brings a second handler to the front, which sees the raw bytes: a head that
/// trickles in produces no message that could be timed, only bytes.
final class ConnectionGuard: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart

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

    init(limits: ConnectionLimits) {
        self.limits = limits
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let pipeline = context.pipeline.syncOperations
        do {
            try pipeline.addHandler(FirstByte(of: self), position: .first)
            let codec = try pipeline.handler(type: HTTP1ToHTTPServerCodec.self)
            try pipeline.addHandler(HeadForm(), position: .before(codec))
        } catch {
            // Without its eyes the guard guards nothing.
            context.close(promise: nil)
        }
        if context.channel.isActive { bytesArrived(context.channel) }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        timer?.task.cancel()
    }

    func channelActive(context: ChannelHandlerContext) {
        bytesArrived(context.channel)
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.task.cancel()
        hangUp()
        context.fireChannelInactive()
    }

    /// Calls `act` once the other end hangs up while the present request is answered; at once if it has.
    func whenGone(_ act: @escaping @Sendable () -> Void) {
        guard !isGone else { return act() }
        listeners.append(act)
    }

    fileprivate func hangUp() {
        isGone = true
        for act in listeners { act() }
        listeners = []
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head:
            phase = .body
            bodyLength = 0
            listeners = []
            arm(limits.body, context.channel)
        case .body(let buffer):
            bodyLength += buffer.readableBytes
            guard bodyLength <= limits.bodyLength else {
                context.close(promise: nil)
                return
            }
        case .end:
            phase = .waiting
            due = nil
        }
        context.fireChannelRead(data)
    }

    /// Starts the head's time, unless a request is already on its way.
    fileprivate func bytesArrived(_ channel: any Channel) {
        guard phase == .waiting else { return }
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

    /// Sees the bytes before TLS and HTTP do.
    private final class FirstByte: ChannelInboundHandler, RemovableChannelHandler {
        typealias InboundIn = ByteBuffer
        typealias InboundOut = ByteBuffer

        private let owner: ConnectionGuard

        init(of owner: ConnectionGuard) {
            self.owner = owner
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            owner.bytesArrived(context.channel)
            context.fireChannelRead(data)
        }

        /// Who closes only his sending side gets his answer, and gets it now. Seen here, because the HTTP pipeline
        /// behind keeps it back until that answer is written.
        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if case .inputClosed? = event as? ChannelEvent { owner.hangUp() }
            context.fireUserInboundEventTriggered(event)
        }
    }

    /// Says of a head what the codec behind would swallow.
    ///
    /// A request whose target is not a path loses its Host, so that `HostCheck` refuses it: the codec would cut
    /// `http://elsewhere/token` down to `/token`. A request of HTTP/1.0 asks for the close that its client waits for.
    private final class HeadForm: ChannelInboundHandler, RemovableChannelHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias InboundOut = HTTPServerRequestPart

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            guard case .head(var head) = unwrapInboundIn(data) else {
                context.fireChannelRead(data)
                return
            }
            if head.uri.utf8.first != UInt8(ascii: "/") {
                head.headers.remove(name: "Host")
                head.uri = "/"
            }
            if head.version == .http1_0 { head.headers.replaceOrAdd(name: "Connection", value: "close") }
            context.fireChannelRead(wrapInboundOut(.head(head)))
        }
    }
}
