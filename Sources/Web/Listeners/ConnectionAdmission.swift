import Glibc
import Logging
import NIOCore
import Synchronization

/// Limits the connections of a listener, in total and per address, and keeps the listener running when accepting one fails.
///
/// It is the first handler of the listening socket, so that a connection above a limit is closed before it costs anything.
/// Connections from trusted proxies count only towards the total, because they carry the requests of all clients.
final class ConnectionAdmission: ChannelInboundHandler, Sendable {
    typealias InboundIn = any Channel
    typealias InboundOut = any Channel

    private struct OpenConnections {
        var total = 0
        var byAddress: [String: Int] = [:]
    }

    private let limits: ConnectionLimits
    private let proxies: ProxyTrust
    private let log: Logger
    private let connections = Mutex(OpenConnections())

    init(_ limits: ConnectionLimits, proxies: ProxyTrust, log: Logger) {
        self.limits = limits
        self.proxies = proxies
        self.log = log
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let channel = unwrapInboundIn(data)
        let address = channel.remoteAddress?.ipAddress
        let key = proxies.trusts(address) ? nil : address.map(Self.network)
        guard admit(key) else {
            channel.close(promise: nil)
            return
        }
        channel.closeFuture.whenComplete { [self] _ in release(key) }
        context.fireChannelRead(data)
    }

    /// Survives errors of a single connection and of temporary shortage, such as too many open files, which would otherwise end
    /// the listener.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? IOError, Self.isTransient(error.errnoCode) else {
            context.fireErrorCaught(error)
            return
        }
        log.error("cannot accept a connection", metadata: ["cause": "\(error)"])
        // Accepting resumes after a pause: retrying at once would fail in a busy loop.
        let options = context.channel.syncOptions
        try? options?.setOption(.autoRead, value: false)
        context.eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(200)) {
            try? options?.setOption(.autoRead, value: true)
        }
    }

    private func admit(_ key: String?) -> Bool {
        connections.withLock { connections in
            guard connections.total < limits.total else { return false }
            if let key {
                let count = connections.byAddress[key, default: 0]
                guard count < limits.perAddress else { return false }
                connections.byAddress[key] = count + 1
            }
            connections.total += 1
            return true
        }
    }

    private func release(_ key: String?) {
        connections.withLock { connections in
            connections.total -= 1
            guard let key, let count = connections.byAddress[key] else { return }
            connections.byAddress[key] = count > 1 ? count - 1 : nil
        }
    }

    /// The network that counts as one address: an IPv4 address, or a /64 of IPv6, all of which belongs to one subscriber.
    static func network(_ address: String) -> String {
        var bytes = [UInt8](repeating: 0, count: 16)
        guard inet_pton(AF_INET6, address, &bytes) == 1 else { return address }
        let isMapped = bytes[..<10].allSatisfy { $0 == 0 } && bytes[10] == 0xFF && bytes[11] == 0xFF
        return (isMapped ? bytes[12...] : bytes[..<8]).map { String($0) }.joined(separator: ".")
    }

    /// Whether an error concerns one connection only, or passes without intervention.
    private static func isTransient(_ code: CInt) -> Bool {
        switch code {
        case ECONNABORTED, EMFILE, ENFILE, ENOBUFS, ENOMEM, EPERM, EPROTO, ENETDOWN, ENETUNREACH, EHOSTDOWN,
            EHOSTUNREACH, ENONET, ENOPROTOOPT, EOPNOTSUPP:
            true
        default: false
        }
    }
}
