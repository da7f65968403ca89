import Glibc
import Logging
import NIOCore
import Synchronization

/// Lets connections in up to the limits, of all and of each address, and keeps accepting whatever goes wrong with one.
///
/// It stands first in the pipeline of the listening socket: a connection too many is closed before anything is set up
/// for it. The addresses of listed proxies, over which everybody comes, count towards the limit of all alone.
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
    private let seats = Mutex(OpenConnections())

    init(_ limits: ConnectionLimits, proxies: ProxyTrust, log: Logger) {
        self.limits = limits
        self.proxies = proxies
        self.log = log
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let channel = unwrapInboundIn(data)
        let address = channel.remoteAddress?.ipAddress
        let key = proxies.trusts(address) ? nil : address.map(Self.network)
        guard take(key) else {
            channel.close(promise: nil)
            return
        }
        channel.closeFuture.whenComplete { [self] _ in free(key) }
        context.fireChannelRead(data)
    }

    /// An error of accepting one connection, such as too many open files, would otherwise end the listener.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? IOError, Self.passes(error.errnoCode) else {
            context.fireErrorCaught(error)
            return
        }
        log.error("a connection could not be accepted", metadata: ["cause": "\(error)"])
        // Tried again in a moment: at once would only fail as often as the processor can.
        let options = context.channel.syncOptions
        try? options?.setOption(.autoRead, value: false)
        context.eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(200)) {
            try? options?.setOption(.autoRead, value: true)
        }
    }

    private func take(_ key: String?) -> Bool {
        seats.withLock { seats in
            guard seats.total < limits.total else { return false }
            if let key {
                let count = seats.byAddress[key, default: 0]
                guard count < limits.perAddress else { return false }
                seats.byAddress[key] = count + 1
            }
            seats.total += 1
            return true
        }
    }

    private func free(_ key: String?) {
        seats.withLock { seats in
            seats.total -= 1
            guard let key, let count = seats.byAddress[key] else { return }
            seats.byAddress[key] = count > 1 ? count - 1 : nil
        }
    }

    /// What counts as one address: an IPv4 address, or the /64 that one line has all of in IPv6.
    static func network(_ address: String) -> String {
        var bytes = [UInt8](repeating: 0, count: 16)
        guard inet_pton(AF_INET6, address, &bytes) == 1 else { return address }
        let isMapped = bytes[..<10].allSatisfy { $0 == 0 } && bytes[10] == 0xFF && bytes[11] == 0xFF
        return (isMapped ? bytes[12...] : bytes[..<8]).map { String($0) }.joined(separator: ".")
    }

    /// Errors that concern one connection or pass by themselves.
    private static func passes(_ code: CInt) -> Bool {
        switch code {
        case ECONNABORTED, EMFILE, ENFILE, ENOBUFS, ENOMEM, EPERM, EPROTO, ENETDOWN, ENETUNREACH, EHOSTDOWN,
            EHOSTUNREACH, ENONET, ENOPROTOOPT, EOPNOTSUPP:
            true
        default: false
        }
    }
}
