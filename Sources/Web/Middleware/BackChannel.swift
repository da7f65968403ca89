import NIOCore

/// Additional hosts by which MCP servers reach Gatehouse inside a network, without the public address.
///
/// They name connections only: the issuer, the audiences of tokens and all URLs stay those of the public address.
package struct BackChannel: Sendable {
    let hosts: HostNames
    private let isEncrypted: Bool
    private let proxies: ProxyTrust

    /// `isEncrypted` means that the listener itself terminates TLS.
    package init(hosts: [String], isEncrypted: Bool, proxies: ProxyTrust) {
        self.hosts = HostNames(hosts)
        self.isEncrypted = isEncrypted
        self.proxies = proxies
    }

    /// Whether a connection with this peer may carry secrets: it uses TLS, or the peer is this machine or a trusted proxy.
    func carries(_ peer: SocketAddress?) -> Bool {
        if isEncrypted { return true }
        return proxies.trusts(peer?.ipAddress) || ProxyTrust.isLoopback(peer?.ipAddress)
    }
}
