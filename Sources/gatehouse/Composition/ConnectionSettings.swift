import Web

extension ServerConfiguration {
    /// What connections may take of a process that may have this many files open.
    func limits(openFiles: UInt64) -> ConnectionLimits {
        ConnectionLimits(
            total: connections.total(openFiles: openFiles), perAddress: connections.perAddress,
            stall: connections.stall)
    }

    /// The hosts under which MCP servers reach the public listener from inside.
    func backChannel(_ proxies: ProxyTrust) -> BackChannel {
        BackChannel(hosts: backChannelHosts, isEncrypted: tls != nil, proxies: proxies)
    }
}

extension ServerConfiguration.Connections {
    /// Never more connections than the process may have files, with some left for the database and for fetches.
    func total(openFiles: UInt64) -> Int {
        min(total, max(16, Int(clamping: openFiles) - 256))
    }
}
