package import NIOCore

/// The limits of fetches from strangers' URLs: hosts, sizes and rates.
package struct FetchPolicy: Sendable {
    /// The largest `maximumSize` that can be configured, in bytes.
    package static let maximumSizeCeiling = 64 * 1024

    /// The largest accepted body, in bytes.
    package let maximumSize: Int
    /// The permitted hosts, unless blocked.
    package let allow: [HostPattern]
    /// The blocked hosts; they win over `allow`.
    package let block: [HostPattern]
    /// Hosts for which other ports and private addresses are permitted; https with a valid certificate stays mandatory.
    package let privateHosts: Set<HostPort>
    /// The deadline of one fetch, including the DNS lookup.
    package var deadline: TimeAmount = .seconds(3)
    /// Failures are reported at multiples of this, so that their timing reveals nothing about an internal address.
    package var failureStep: TimeAmount = .seconds(1)
    /// The limits on the number of fetches.
    package var budget = FetchBudget()

    /// Parses the lists of `clients.metadata_documents`.
    package init(
        maximumSize: Int = 16 * 1024, allow: [String] = ["*"], block: [String] = [], privateHosts: [String] = []
    ) throws(HostListError) {
        // The ceiling limits memory even with a mistaken configuration.
        self.maximumSize = min(max(maximumSize, 1), Self.maximumSizeCeiling)
        self.allow = try Self.patterns(allow)
        self.block = try Self.patterns(block)
        var entries: Set<HostPort> = []
        for entry in privateHosts { entries.insert(try HostPort(entry)) }
        self.privateHosts = entries
    }

    /// Whether a host is permitted: the operator's rule wins over the lists, and block over allow.
    func permits(_ host: String, rule: HostRule?) -> Bool {
        switch rule {
        case .allow: true
        case .block: false
        case nil: !block.contains { $0.matches(host) } && allow.contains { $0.matches(host) }
        }
    }

    /// The list that excludes a host, for the log.
    func exclusion(of host: String) -> String {
        guard let entry = block.first(where: { $0.matches(host) }) else {
            return "clients.metadata_documents.allow, which has no entry for \(host)"
        }
        return "the entry '\(entry)' of clients.metadata_documents.block"
    }

    private static func patterns(_ list: [String]) throws(HostListError) -> [HostPattern] {
        var patterns: [HostPattern] = []
        for entry in list { patterns.append(try HostPattern(entry)) }
        return patterns
    }
}

/// The limits on the number of fetches.
package struct FetchBudget: Sendable {
    /// Concurrent fetches.
    package var inFlight = 8
    /// Waiting fetches.
    package var waiting = 16
    /// Running or waiting fetches of one user or browser.
    package var inFlightShare = 4
    /// Fetches per window from one host, of documents that were never valid before.
    package var perHost = 20
    /// The share of `perHost` for one user or browser.
    package var perHostShare = 5
    /// Fetches per window from hosts that never delivered a valid document.
    package var newHosts = 30
    /// The share of `newHosts` for one user or browser.
    package var newHostsShare = 10
    /// Fetches per window of one document that was valid before, or whose client has sessions.
    package var perDocument = 5
    /// The length of the window.
    package var window: TimeAmount = .minutes(1)

    /// Makes the default limits.
    package init() {}
}
