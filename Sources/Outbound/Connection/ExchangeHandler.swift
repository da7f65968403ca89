import Foundation
import NIOCore
import NIOHTTP1
import NIOSSL

/// One request with the promise of its response and the limit of the body.
struct Exchange: Sendable {
    let request: OutboundRequest
    let maximumBody: Int
    /// Whether a longer body is cut at the limit instead of failing, for callers that need only the status.
    var isCut = false
    /// Receives the body of a 200 piece by piece; without it the body is collected.
    var sink: (@Sendable (ByteBuffer) throws -> Void)?
    let answer: EventLoopPromise<OutboundResponse>
}

/// Carries one exchange after another over a connection. Any irregularity closes the connection.
final class ExchangeHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundIn = Exchange
    typealias OutboundOut = HTTPClientRequestPart

    private let budget: ByteBudget
    private let end: EventLoopPromise<OutboundFailure>
    private var exchange: Exchange?
    private var head: HTTPResponseHead?
    private var body: [UInt8] = []
    private var failure: OutboundFailure?

    /// `end` gets the reason why the connection ended, even before the first request.
    init(budget: ByteBudget, end: EventLoopPromise<OutboundFailure>) {
        self.budget = budget
        self.end = end
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        // One exchange at a time: with pipelining a response could be taken for that of another request.
        let exchange = unwrapOutboundIn(data)
        guard failure == nil, self.exchange == nil, context.channel.isActive else {
            exchange.answer.fail(failure ?? .interrupted)
            promise?.fail(failure ?? .interrupted)
            return
        }
        self.exchange = exchange
        budget.refill(body: exchange.maximumBody)
        let failed = context.eventLoop.makePromise(of: Void.self)
        failed.futureResult.cascadeFailure(to: promise)
        context.write(wrapOutboundOut(.head(exchange.request.head)), promise: failed)
        if !exchange.request.body.isEmpty {
            let buffer = context.channel.allocator.buffer(bytes: exchange.request.body)
            context.write(wrapOutboundOut(.body(.byteBuffer(buffer))), promise: nil)
        }
        context.write(wrapOutboundOut(.end(nil)), promise: promise)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard let exchange else { return fail(.malformed("a response without a request"), context) }
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            let length = head.headers.first(name: "content-length").flatMap(Int.init) ?? 0
            if length > exchange.maximumBody, !exchange.isCut { fail(.oversized, context) }
        case .body(let piece):
            receive(piece, of: exchange, context)
        case .end:
            finish(exchange, context)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        let shown = try? context.pipeline.syncOperations.nioSSL_peerCertificate()
        fail(OutboundFailure(error, certificate: shown.map(PeerCertificate.init)), context)
    }

    func channelInactive(context: ChannelHandlerContext) {
        fail(.interrupted, context)
        context.fireChannelInactive()
    }

    /// A connection that never reached this handler, because a proxy opened no tunnel, ends too.
    func handlerRemoved(context: ChannelHandlerContext) {
        end.succeed(failure ?? .interrupted)
    }

    private func receive(_ piece: ByteBuffer, of exchange: Exchange, _ context: ChannelHandlerContext) {
        if let sink = exchange.sink, head?.status == .ok {
            do {
                try sink(piece)
            } catch {
                fail(.unwritable("\(error)"), context)
            }
            return
        }
        guard body.count + piece.readableBytes > exchange.maximumBody else {
            body += piece.readableBytesView
            return
        }
        guard exchange.isCut else { return fail(.oversized, context) }
        body += piece.readableBytesView.prefix(exchange.maximumBody - body.count)
        // The rest of the body would be parsed as the next response.
        head?.headers.replaceOrAdd(name: "Connection", value: "close")
        finish(exchange, context)
    }

    private func finish(_ exchange: Exchange, _ context: ChannelHandlerContext) {
        guard let head else { return fail(.malformed("an end without a head"), context) }
        let fields = head.headers.map { (name: $0.name, value: $0.value) }
        let response = OutboundResponse(status: Int(head.status.code), fields: fields, body: body)
        self.exchange = nil
        self.head = nil
        body = []
        if !head.isKeepAlive {
            end(.interrupted, context)
        }
        exchange.answer.succeed(response)
    }

    private func fail(_ failure: OutboundFailure, _ context: ChannelHandlerContext) {
        guard self.failure == nil else { return }
        exchange?.answer.fail(failure)
        exchange = nil
        end(failure, context)
    }

    private func end(_ failure: OutboundFailure, _ context: ChannelHandlerContext) {
        self.failure = failure
        end.succeed(failure)
        context.close(promise: nil)
    }
}

extension OutboundFailure {
    /// Classifies an error of the connection; `certificate` is the peer's.
    init(_ error: any Error, certificate: PeerCertificate? = nil) {
        self =
            switch error {
            case let failure as OutboundFailure: failure
            case NIOSSLError.uncleanShutdown: .interrupted
            case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError:
                .untrusted(
                    ConnectionErrors.untrusted(
                        error, certificate: certificate, now: Int64(Date().timeIntervalSince1970)))
            case let error as HTTPParserError: .malformed(ConnectionErrors.malformed(error))
            default: .interrupted
            }
    }
}

/// Limits the raw bytes of one response, so that what the parser discards (reason phrases, chunk extensions, interim
/// responses) is bounded too.
final class ByteBudget: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    static let headers = 16 * 1024
    private var rest = ByteBudget.headers

    /// Allows four times the body: small chunks multiply its raw size.
    func refill(body: Int) {
        rest = body > Int.max / 8 ? .max : 4 * (body + Self.headers)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let buffer = unwrapInboundIn(data)
        guard buffer.readableBytes <= rest else {
            context.fireErrorCaught(OutboundFailure.oversized)
            return
        }
        rest -= buffer.readableBytes
        context.fireChannelRead(data)
    }
}
