import Web

extension ServerConfiguration {
    /// The connection limits of a process that may open this many files.
    func limits(openFiles: UInt64) -> ConnectionLimits {
        ConnectionLimits(
            total: connections.total(openFiles: openFiles), perAddress: connections.perAddress,
            stall: connections.stall)
    }

    /// The hosts at which MCP servers reach the public listener on the internal network.
    func backChannel(_ proxies: ProxyTrust) -> BackChannel {
        BackChannel(hosts: backChannelHosts, isEncrypted: tls != nil, proxies: proxies)
    }
}

extension ServerConfiguration.Connections {
    /// At most as many connections as the process may open files, with a reserve for the database and outbound fetches.
    func total(openFiles: UInt64) -> Int {
        min(total, max(16, Int(clamping: openFiles) - 256))
    }
}
