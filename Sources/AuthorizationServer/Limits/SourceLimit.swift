import OAuth

/// Where a request without an account comes from: its network, and the site that one subscriber may hold with all its networks.
struct RequestSource: Hashable, Sendable {
    /// An IPv4 /24 or an IPv6 /64; nil for a request without an address.
    let network: ClientNetwork?
    /// An IPv4 /24 or an IPv6 /48; nil for a request without an address.
    let site: ClientNetwork?

    /// The source of a request from this address.
    init(address: String?) {
        network = .subnet(of: address)
        site = .site(of: address)
    }
}

/// Limits the requests of each network, and those of each site: one IPv6 site has 65,536 networks.
package struct SourceLimit: Sendable {
    private let networks: NetworkLimit
    private let sites: NetworkLimit

    /// A limit by which a site may send five times as much as one of its networks.
    package init(burst: Int, perMinute: Int) {
        networks = NetworkLimit(burst: burst, perMinute: perMinute)
        sites = NetworkLimit(burst: 5 * burst, perMinute: 5 * perMinute)
    }

    /// Counts one request, or throws the refusal with the seconds to wait.
    func check(_ source: RequestSource, now: Timestamp) throws(OAuthError) {
        try networks.check(source.network, now: now)
        try sites.check(source.site, now: now)
    }
}
