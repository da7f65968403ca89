import NIOCore

/// An HTTP proxy that opens tunnels (CONNECT), through which TLS connections reach their servers. The proxy resolves the names of
/// servers, so that no address can be vetted here.
///
/// Spec: RFC 9110 §9.3.6
package struct OutboundProxy: Hashable, Sendable, CustomStringConvertible {
    /// The host, a name or an IP literal.
    package let host: String
    /// The port.
    package let port: Int
    /// Whether the operator vouches that the proxy refuses tunnels to internal addresses. Only then do strangers' URLs take it.
    package let vetsAddresses: Bool

    /// Reads `http://host:port`; nil for any other text, and for one with a user or a path.
    package init?(_ text: String, vetsAddresses: Bool = false) {
        guard text.hasPrefix("http://"), let url = try? RemoteURL(operator: "https://" + text.dropFirst(7)),
            url.target == "/", text.dropFirst(7).contains(":")
        else { return nil }
        host = url.host
        port = url.port
        self.vetsAddresses = vetsAddresses
    }

    /// The same proxy, which vets addresses or does not.
    package func vetting(_ vetsAddresses: Bool) -> OutboundProxy {
        OutboundProxy(host: host, port: port, vetsAddresses: vetsAddresses)
    }

    private init(host: String, port: Int, vetsAddresses: Bool) {
        self.host = host
        self.port = port
        self.vetsAddresses = vetsAddresses
    }

    package var description: String { "http://\(host.contains(":") ? "[\(host)]" : host):\(port)" }

    /// Opens a tunnel to the host of a URL, with TLS to that host inside.
    func open(
        _ url: RemoteURL, security: PinnedConnection.Security, resolver: Resolver, deadline: NIODeadline
    ) async throws(OutboundFailure) -> PinnedConnection {
        var addresses: [SocketAddress]
        if let literal = HostSyntax.literal(host, port: port) {
            addresses = [literal]
        } else {
            do {
                addresses = try await resolver.resolve(host)
            } catch {
                throw .unreachable("the proxy \(self) of outbound.proxy has no address")
            }
            for index in addresses.indices { addresses[index].port = port }
        }
        return try await PinnedConnection.open(
            toFirstOf: addresses, security: security, through: Tunnel(to: url), deadline: deadline)
    }
}

/// A tunnel that a proxy is asked for.
struct Tunnel: Sendable {
    /// The host and the port behind the proxy.
    let authority: String

    init(to url: RemoteURL) {
        authority = "\(url.host.contains(":") ? "[\(url.host)]" : url.host):\(url.port)"
    }
}

/// Asks a proxy for a tunnel and hides the connection from the handlers behind it until the proxy agreed: they see the tunnel as
/// the connection to the server.
final class TunnelHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// More than the head of any answer to CONNECT.
    private static let longestHead = 8_192

    private let tunnel: Tunnel
    private let opened: EventLoopPromise<Void>
    private var head: ByteBuffer?
    private var isOpen = false

    /// `opened` succeeds when the proxy agreed.
    init(_ tunnel: Tunnel, opened: EventLoopPromise<Void>) {
        self.tunnel = tunnel
        self.opened = opened
    }

    func channelActive(context: ChannelHandlerContext) {
        let request = "CONNECT \(tunnel.authority) HTTP/1.1\r\nHost: \(tunnel.authority)\r\n\r\n"
        context.writeAndFlush(wrapOutboundOut(context.channel.allocator.buffer(string: request)), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isOpen else { return context.fireChannelRead(data) }
        var bytes = unwrapInboundIn(data)
        if head == nil { head = bytes } else { head?.writeBuffer(&bytes) }
        let present = head.map { Array($0.readableBytesView) } ?? []
        guard let end = present.firstRange(of: Array("\r\n\r\n".utf8)) else {
            if present.count > Self.longestHead { refuse(context, "its answer is too long") }
            return
        }
        let line = String(decoding: present.prefix { $0 != 13 }, as: UTF8.self)
        let words = line.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
        guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]) else {
            return refuse(context, "its answer is not HTTP")
        }
        guard (200...299).contains(status) else { return refuse(context, "it answers with status \(status)") }
        // A server speaks first in no protocol that goes through the tunnel, so more bytes would be the proxy's own.
        guard end.upperBound == present.count else { return refuse(context, "it sends more than its answer") }
        isOpen = true
        head = nil
        opened.succeed()
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        opened.fail(OutboundFailure.unreachable("the proxy closed the connection before it opened the tunnel"))
        if isOpen { context.fireChannelInactive() }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        opened.fail(OutboundFailure.unreachable(ConnectionErrors.unreachable(error)))
        context.fireErrorCaught(error)
    }

    private func refuse(_ context: ChannelHandlerContext, _ cause: String) {
        opened.fail(OutboundFailure.unreachable("the proxy of outbound.proxy opens no tunnel: \(cause)"))
        context.close(promise: nil)
    }
}
