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
            throw .untrusted("the certificate authorities cannot be read: \(error)")
        }
        var last = OutboundFailure.unreachable("no address")
        for address in vetted.prefix(4) {
            let left = deadline - .now()
            guard left > .zero else { throw .deadline }
            do {
                let channel = try await connect(
                    to: address, context, security?.serverName, within: min(left, .seconds(2)))
                return PinnedConnection(channel: channel)
            } catch let error as OutboundFailure {
                last = error
            } catch {
                last = deadline <= .now() ? .deadline : .unreachable("\(error)")
            }
        }
        throw last
    }

    /// Sends one request and takes its answer; no redirect is followed, nothing is decompressed.
    func exchange(
        _ request: OutboundRequest, maximumBody: Int, deadline: NIODeadline,
        sink: (@Sendable (ByteBuffer) throws -> Void)? = nil
    ) async throws(OutboundFailure) -> OutboundResponse {
        let answer = channel.eventLoop.makePromise(of: OutboundResponse.self)
        let channel = self.channel
        let timer = channel.eventLoop.scheduleTask(deadline: deadline) {
            answer.fail(OutboundFailure.deadline)
            channel.close(promise: nil)
        }
        answer.futureResult.whenComplete { _ in timer.cancel() }
        let exchange = Exchange(request: request, maximumBody: maximumBody, sink: sink, answer: answer)
        channel.writeAndFlush(exchange).whenFailure { error in
            answer.fail(error as? OutboundFailure ?? .interrupted)
            channel.close(promise: nil)
        }
        do {
            return try await answer.futureResult.get()
        } catch {
            throw error as? OutboundFailure ?? .interrupted
        }
    }

    /// Ends the connection.
    func close() {
        channel.close(promise: nil)
    }

    private static func connect(
        to address: SocketAddress, _ context: NIOSSLContext?, _ serverName: String?, within timeout: TimeAmount
    ) async throws -> any Channel {
        let bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connectTimeout(timeout)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try prepare(channel, context, serverName) }
            }
        let channel = try await bootstrap.connect(to: address).get()
        if address.port != nil, channel.remoteAddress != address {
            channel.close(promise: nil)
            throw OutboundFailure.unreachable("connected elsewhere than to the vetted address")
        }
        return channel
    }

    private static func prepare(_ channel: any Channel, _ context: NIOSSLContext?, _ serverName: String?) throws {
        let pipeline = channel.pipeline.syncOperations
        if let context {
            try pipeline.addHandler(NIOSSLClientHandler(context: context, serverHostname: serverName))
        }
        let budget = ByteBudget()
        try pipeline.addHandler(budget)
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = ByteBudget.headers
        limits.maxHeaderListSize = ByteBudget.headers
        try pipeline.addHTTPClientHandlers(
            enableOutboundHeaderValidation: true, encoderConfiguration: .init(), decoderLimitConfiguration: limits)
        try pipeline.addHandler(ExchangeHandler(budget: budget))
    }
}
