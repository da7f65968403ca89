import Hummingbird
import NIOCore

/// The process at the other end of a Unix socket, as the kernel recorded it when the process connected.
package struct Peer: Sendable, Hashable {
    /// The process id.
    package let process: Int32
    /// The user id, which the audit trail records.
    package let user: UInt32
    /// The primary group id.
    package let group: UInt32
}

extension WebContext {
    /// The layout of `struct ucred`, which the socket option fills.
    private struct Credentials: Sendable {
        var process: Int32
        var user: UInt32
        var group: UInt32
    }

    /// The peer of a Unix socket; nil on TCP, where the kernel returns a user that does not exist.
    func peer() async -> Peer? {
        guard case .unixDomainSocket? = channel.localAddress, let provider = channel as? any SocketOptionProvider else {
            return nil
        }
        let option: EventLoopFuture<Credentials> = provider.unsafeGetSocketOption(
            level: .socket, name: NIOBSDSocket.Option(rawValue: 17))
        guard let found = try? await option.get(), found.user != .max else { return nil }
        return Peer(process: found.process, user: found.user, group: found.group)
    }
}
