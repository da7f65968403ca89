package import NIOCore

/// What strangers can make Gatehouse fetch: from where, how much, how often.
package struct FetchPolicy: Sendable {
    /// The largest body that may be configured.
    package static let maximumSizeCeiling = 64 * 1024

    /// The largest body that is taken.
    package let maximumSize: Int
    /// Hosts that may be fetched from, unless blocked.
    package let allow: [HostPattern]
    /// Hosts that may not, whatever `allow` says.
    package let block: [HostPattern]
    /// Entries for which port 443 and global addresses are not demanded; https and the certificate always are.
    package let privateHosts: Set<HostPort>
    /// The time for one fetch, look-up included.
    package var deadline: TimeAmount = .seconds(3)
    /// Failures are answered at multiples of this, so that their pace tells nothing about an address.
    package var failureStep: TimeAmount = .seconds(1)
    /// The shared bounds on how many fetches happen.
    package var budget = FetchBudget()

    /// Reads the lists as `clients.metadata_documents` spells them.
    package init(
        maximumSize: Int = 16 * 1024, allow: [String] = ["*"], block: [String] = [], privateHosts: [String] = []
    ) throws(HostListError) {
        self.maximumSize = min(max(maximumSize, 1), Self.maximumSizeCeiling)
        self.allow = try Self.patterns(allow)
        self.block = try Self.patterns(block)
        var entries: Set<HostPort> = []
        for entry in privateHosts { entries.insert(try HostPort(entry)) }
        self.privateHosts = entries
    }

    /// An operator's row wins over the lists, and block over allow.
    func permits(_ host: String, rule: HostRule?) -> Bool {
        switch rule {
        case .allow: true
        case .block: false
        case nil: !block.contains { $0.matches(host) } && allow.contains { $0.matches(host) }
        }
    }

    /// Which of the lists leaves a host out.
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

/// How many fetches strangers can cause.
package struct FetchBudget: Sendable {
    /// Fetches that run at a time.
    package var inFlight = 8
    /// Fetches that wait for one of those to end.
    package var waiting = 16
    /// Fetches that one person or browser has running or waiting.
    package var inFlightShare = 4
    /// Fetches within a window from one host, of documents that were never good here.
    package var perHost = 20
    /// Those of them that one person or browser causes.
    package var perHostShare = 5
    /// Fetches within a window from hosts that never delivered a good document here.
    package var newHosts = 30
    /// Those of them that one person or browser causes.
    package var newHostsShare = 10
    /// Fetches within a window of one document that was good here before, or whose client has sessions.
    package var perDocument = 5
    /// The window.
    package var window: TimeAmount = .minutes(1)

    /// The usual bounds.
    package init() {}
}
