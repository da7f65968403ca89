import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// A connection to an address that was judged before: nothing on the way resolves a name again.
struct PinnedConnection: Sendable {
    /// The name that the certificate has to bear, and who may have signed it.
    struct Security: Sendable {
        let roots: TrustRoots
        /// None for an IP literal: then the certificate has to bear the address.
        let serverName: String?
    }

    private let channel: any Channel
    private let end: EventLoopFuture<OutboundFailure>
    private let seen: SeenCertificate

    /// The certificate that the other end proved to own; none without TLS, or where no name was asked for.
    var certificate: PeerCertificate? { seen.value }

    /// The address at the other end.
    var address: String? { channel.remoteAddress?.ipAddress }

    /// Whether another exchange may be tried on it.
    var isAlive: Bool { channel.isActive }

    /// Tries the vetted addresses in turn, each for two seconds at most; without `security` the connection is plain.
    static func open(
        toFirstOf vetted: [SocketAddress], security: Security?, deadline: NIODeadline
    ) async throws(OutboundFailure) -> PinnedConnection {
        let context: NIOSSLContext?
        do {
            context = try security?.roots.context()
        } catch {
            throw .untrusted(
                "the system's certificate authorities cannot be read; install them (the package ca-certificates)")
        }
        var last = OutboundFailure.unreachable("no address")
        for address in vetted.prefix(4) {
            let left = deadline - .now()
            guard left > .zero else { throw .deadline }
            do {
                return try await connect(to: address, context, security?.serverName, within: min(left, .seconds(2)))
            } catch let error as OutboundFailure {
                last = error
            } catch {
                last = deadline <= .now() ? .deadline : .unreachable(ConnectionErrors.unreachable(error))
            }
        }
        throw last
    }

    /// Sends one request and takes its answer; no redirect is followed, nothing is decompressed.
    func exchange(
        _ request: OutboundRequest, maximumBody: Int, isCut: Bool = false, deadline: NIODeadline,
        sink: (@Sendable (ByteBuffer) throws -> Void)? = nil
    ) async throws(OutboundFailure) -> OutboundResponse {
        let answer = channel.eventLoop.makePromise(of: OutboundResponse.self)
        let channel = self.channel
        let timer = channel.eventLoop.scheduleTask(deadline: deadline) {
            answer.fail(OutboundFailure.deadline)
            channel.close(promise: nil)
        }
        answer.futureResult.whenComplete { _ in timer.cancel() }
        let exchange = Exchange(
            request: request, maximumBody: maximumBody, isCut: isCut, sink: sink, answer: answer)
        let end = self.end
        channel.writeAndFlush(exchange).whenFailure { _ in
            // Why it failed is known to whoever saw the connection end: TLS, most of all.
            channel.close(promise: nil)
            end.whenSuccess { answer.fail($0) }
        }
        do {
            return try await answer.futureResult.get()
        } catch {
            throw OutboundFailure(error)
        }
    }

    /// The layout of `struct ucred`, which the socket option fills.
    private struct Credentials: Sendable {
        var process: Int32
        var user: UInt32
        var group: UInt32
    }

    /// The user who listens at the other end of a Unix socket, as the kernel recorded it; nil where it names none.
    func peerUser() async -> UInt32? {
        guard let provider = channel as? any SocketOptionProvider else { return nil }
        // SO_PEERCRED, which SwiftNIO has no name for.
        let option: EventLoopFuture<Credentials> = provider.unsafeGetSocketOption(
            level: .socket, name: NIOBSDSocket.Option(rawValue: 17))
        guard let found = try? await option.get(), found.user != .max else { return nil }
        return found.user
    }

    /// Ends the connection.
    func close() {
        channel.close(promise: nil)
    }

    private static func connect(
        to address: SocketAddress, _ context: NIOSSLContext?, _ serverName: String?, within timeout: TimeAmount
    ) async throws -> PinnedConnection {
        let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        let end = eventLoop.makePromise(of: OutboundFailure.self)
        let seen = SeenCertificate()
        let bootstrap = ClientBootstrap(group: eventLoop)
            .connectTimeout(timeout)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try addSecurity(to: channel, for: address, context, serverName, seen)
                    try addExchange(to: channel, ending: end)
                }
            }
        do {
            let channel = try await bootstrap.connect(to: address).get()
            return PinnedConnection(channel: channel, end: end.futureResult, seen: seen)
        } catch {
            end.succeed(.interrupted)
            throw error
        }
    }

    private static func addSecurity(
        to channel: any Channel, for address: SocketAddress, _ context: NIOSSLContext?, _ serverName: String?,
        _ seen: SeenCertificate
    ) throws {
        let pipeline = channel.pipeline.syncOperations
        if address.port != nil { try pipeline.addHandler(VettedAddress(address)) }
        if let context { try pipeline.addHandler(security(context, serverName, seen)) }
    }

    private static func addExchange(
        to channel: any Channel, ending end: EventLoopPromise<OutboundFailure>
    ) throws {
        let pipeline = channel.pipeline.syncOperations
        let budget = ByteBudget()
        try pipeline.addHandler(budget)
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = ByteBudget.headers
        limits.maxHeaderListSize = ByteBudget.headers
        try pipeline.addHTTPClientHandlers(
            enableOutboundHeaderValidation: true, encoderConfiguration: .init(), decoderLimitConfiguration: limits)
        try pipeline.addHandler(ExchangeHandler(budget: budget, end: end))
    }

    private static func security(
        _ context: NIOSSLContext, _ serverName: String?, _ seen: SeenCertificate
    ) throws -> NIOSSLClientHandler {
        guard let serverName else { return try NIOSSLClientHandler(context: context, serverHostname: nil) }
        return try NIOSSLClientHandler._makeSSLClientHandler(context: context, serverHostname: serverName) {
            certificate, channel in
            seen.note(certificate)
            return CertificateName.stands(serverName, in: certificate)
                ? channel.eventLoop.makeSucceededVoidFuture()
                : channel.eventLoop.makeFailedFuture(OutboundFailure.untrusted("the certificate is for another name"))
        }
    }
}

/// Lets a connection begin, before its first byte, only with the address that was vetted.
private final class VettedAddress: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let address: SocketAddress

    init(_ address: SocketAddress) {
        self.address = address
    }

    func channelActive(context: ChannelHandlerContext) {
        guard context.remoteAddress == address else {
            context.fireErrorCaught(OutboundFailure.unreachable("connected elsewhere than to the vetted address"))
            context.close(promise: nil)
            return
        }
        context.fireChannelActive()
    }
}
