import NIOCore

/// Further hosts under which MCP servers reach this one from inside, without the way over the public address.
///
/// They are names of the connection and of nothing else: issuer, audiences and every URL stay the issuer's.
package struct BackChannel: Sendable {
    let hosts: HostNames
    private let isEncrypted: Bool
    private let proxies: ProxyTrust

    /// `isEncrypted` says that the listener itself speaks TLS.
    package init(hosts: [String], isEncrypted: Bool, proxies: ProxyTrust) {
        self.hosts = HostNames(hosts)
        self.isEncrypted = isEncrypted
        self.proxies = proxies
    }

    /// Whether secrets may come over a connection with this peer: over TLS, or over nothing but this machine or the way
    /// from a listed proxy.
    func carries(_ peer: SocketAddress?) -> Bool {
        if isEncrypted { return true }
        return proxies.trusts(peer?.ipAddress) || ProxyTrust.isLoopback(peer?.ipAddress)
    }
}
