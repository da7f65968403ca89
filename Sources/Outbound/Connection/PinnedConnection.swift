import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// A connection to a vetted address. No name is resolved again on the way, so DNS rebinding cannot redirect it.
struct PinnedConnection: Sendable {
    /// The trusted authorities and the name that the certificate must have.
    struct Security: Sendable {
        let roots: TrustRoots
        /// Nil for an IP literal: then the certificate must have the address.
        let serverName: String?
    }

    private let channel: any Channel
    private let end: EventLoopFuture<OutboundFailure>
    private let seen: SeenCertificate

    /// The peer's certificate; nil without TLS or for an IP literal.
    var certificate: PeerCertificate? { seen.value }

    /// The peer's IP address.
    var address: String? { channel.remoteAddress?.ipAddress }

    /// Whether the connection can take another exchange.
    var isAlive: Bool { channel.isActive }

    /// Tries up to four vetted addresses in turn, each for at most two seconds. Without `security` the connection is plain HTTP.
    /// With a tunnel the addresses are those of the proxy.
    static func open(
        toFirstOf vetted: [SocketAddress], security: Security?, through tunnel: Tunnel? = nil, deadline: NIODeadline
    ) async throws(OutboundFailure) -> PinnedConnection {
        let context: NIOSSLContext?
        do {
            context = try security?.roots.context()
        } catch {
            throw .untrusted(
                "the system's certificate authorities cannot be read; install them (the package ca-certificates)")
        }
        // Four addresses bound the time that a host with many unreachable ones can take.
        var last = OutboundFailure.unreachable("no address")
        for address in vetted.prefix(4) {
            let left = deadline - .now()
            guard left > .zero else { throw .deadline }
            do {
                guard let tunnel else {
                    return try await connect(to: address, context, security?.serverName, within: min(left, .seconds(2)))
                }
                return try await connect(
                    to: address, context, security?.serverName, through: tunnel, within: min(left, .seconds(2)),
                    deadline)
            } catch let error as OutboundFailure {
                last = error
            } catch {
                last = deadline <= .now() ? .deadline : .unreachable(ConnectionErrors.unreachable(error))
            }
        }
        throw last
    }

    /// Sends one request and returns its response. Redirects are not followed and bodies not decompressed.
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
            // The cause, such as a TLS failure, arrives with the end of the connection.
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

    /// The uid of the process that listens on a Unix socket, as the kernel recorded it; nil if unknown.
    func peerUser() async -> UInt32? {
        guard let provider = channel as? any SocketOptionProvider else { return nil }
        // SO_PEERCRED, which SwiftNIO does not define.
        let option: EventLoopFuture<Credentials> = provider.unsafeGetSocketOption(
            level: .socket, name: NIOBSDSocket.Option(rawValue: 17))
        guard let found = try? await option.get(), found.user != .max else { return nil }
        return found.user
    }

    /// Closes the connection.
    func close() {
        channel.close(promise: nil)
    }

    private static func connect(
        to address: SocketAddress, _ context: NIOSSLContext?, _ serverName: String?, within timeout: TimeAmount
    ) async throws -> PinnedConnection {
        let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        return try await connect(on: eventLoop, to: address, context, serverName, within: timeout)
    }

    /// Connects to a proxy, and returns the connection when the tunnel is open.
    private static func connect(
        to proxy: SocketAddress, _ context: NIOSSLContext?, _ serverName: String?, through tunnel: Tunnel,
        within timeout: TimeAmount, _ deadline: NIODeadline
    ) async throws -> PinnedConnection {
        let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        let opened = eventLoop.makePromise(of: Void.self)
        let connection: PinnedConnection
        do {
            connection = try await connect(
                on: eventLoop, to: proxy, context, serverName, through: (tunnel, opened), within: timeout)
        } catch {
            opened.fail(error)
            throw error
        }
        let timer = eventLoop.scheduleTask(deadline: deadline) {
            opened.fail(OutboundFailure.deadline)
            connection.close()
        }
        defer { timer.cancel() }
        try await opened.futureResult.get()
        return connection
    }

    private static func connect(
        on eventLoop: any EventLoop, to address: SocketAddress, _ context: NIOSSLContext?, _ serverName: String?,
        through tunnel: (Tunnel, opened: EventLoopPromise<Void>)? = nil, within timeout: TimeAmount
    ) async throws -> PinnedConnection {
        let end = eventLoop.makePromise(of: OutboundFailure.self)
        let seen = SeenCertificate()
        let bootstrap = ClientBootstrap(group: eventLoop)
            .connectTimeout(timeout)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let (tunnel, opened) = tunnel {
                        try channel.pipeline.syncOperations.addHandler(TunnelHandler(tunnel, opened: opened))
                    }
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
        // The budget stands before the parser, so that it counts what the parser discards.
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
            seen.set(certificate)
            return PeerCertificate(certificate).bears(serverName)
                ? channel.eventLoop.makeSucceededVoidFuture()
                : channel.eventLoop.makeFailedFuture(OutboundFailure.untrusted("the certificate is for another name"))
        }
    }
}

/// Closes a connection before its first byte unless its peer is the vetted address.
private final class VettedAddress: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let address: SocketAddress

    init(_ address: SocketAddress) {
        self.address = address
    }

    func channelActive(context: ChannelHandlerContext) {
        guard context.remoteAddress == address else {
            context.fireErrorCaught(
                OutboundFailure.unreachable("the connection leads to another address than the vetted one"))
            context.close(promise: nil)
            return
        }
        context.fireChannelActive()
    }
}
