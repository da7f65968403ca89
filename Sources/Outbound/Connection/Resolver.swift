import Foundation
import Glibc
package import NIOCore
import NIOPosix
import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// Resolves a host name to addresses. The caller has to vet every one of them.
package struct Resolver: Sendable {
    /// All addresses of a name, with port 0; throws when there are none.
    package let resolve: @Sendable (_ host: String) async throws -> [SocketAddress]

    /// Makes a resolver from a function.
    package init(resolve: @escaping @Sendable (_ host: String) async throws -> [SocketAddress]) {
        self.resolve = resolve
    }

    /// The system's resolver. A lookup cannot be cancelled, so each has a thread of its own, at most `limit` of them; the caller
    /// stops waiting after `timeout`.
    package static func system(limit: Int = 16, timeout: TimeAmount = .seconds(2)) -> Resolver {
        let running = RunningLookups(limit: limit)
        return Resolver { host in
            if isLocalhost(host) { return try loopback() }
            guard running.begin() else { throw OutboundFailure.busy }
            let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
            let answer = eventLoop.makePromise(of: [SocketAddress].self)
            let timer = eventLoop.scheduleTask(in: timeout) { answer.fail(OutboundFailure.unresolvable(host: host)) }
            answer.futureResult.whenComplete { _ in timer.cancel() }
            Thread.detachNewThread {
                answer.completeWith(Result { try lookUp(host) })
                running.end()
            }
            return try await answer.futureResult.get()
        }
    }

    /// Whether a name is resolved here, so that no DNS server can redirect loopback traffic.
    ///
    /// Spec: RFC 6761 §6.3
    private static func isLocalhost(_ host: String) -> Bool {
        host == "localhost" || host.hasSuffix(".localhost")
    }

    private static func loopback() throws -> [SocketAddress] {
        [try SocketAddress(ipAddress: "127.0.0.1", port: 0), try SocketAddress(ipAddress: "::1", port: 0)]
    }

    private static func lookUp(_ host: String) throws -> [SocketAddress] {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        #if canImport(Glibc)
            hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        #else
            hints.ai_socktype = SOCK_STREAM
        #endif
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, nil, &hints, &list) == 0 else {
            throw OutboundFailure.unresolvable(host: host)
        }
        defer { freeaddrinfo(list) }
        var addresses: [SocketAddress] = []
        var entry = list
        while let current = entry?.pointee {
            if let address = address(of: current) { addresses.append(address) }
            entry = current.ai_next
        }
        guard !addresses.isEmpty else { throw OutboundFailure.unresolvable(host: host) }
        return addresses
    }

    private static func address(of entry: addrinfo) -> SocketAddress? {
        guard let pointer = entry.ai_addr else { return nil }
        let raw = UnsafeRawPointer(pointer)
        switch entry.ai_family {
        case AF_INET: return SocketAddress(raw.loadUnaligned(as: sockaddr_in.self))
        case AF_INET6: return SocketAddress(raw.loadUnaligned(as: sockaddr_in6.self))
        default: return nil
        }
    }
}

/// Counts the running lookups, including those whose callers have timed out.
private final class RunningLookups: Sendable {
    private let limit: Int
    private let count = Mutex(0)

    init(limit: Int) {
        self.limit = limit
    }

    func begin() -> Bool {
        count.withLock { count in
            guard count < limit else { return false }
            count += 1
            return true
        }
    }

    func end() {
        count.withLock { $0 -= 1 }
    }
}
