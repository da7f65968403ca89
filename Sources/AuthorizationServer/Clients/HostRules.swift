import OAuth
package import Outbound
package import Storage

extension DocumentFetcher {
    /// A fetcher that reads the operator's rules about the host and the client from `store` before every fetch.
    package convenience init(
        policy: FetchPolicy, roots: TrustRoots = .system, resolver: Resolver = .system(),
        proxy: OutboundProxy? = nil, rulesIn store: Store
    ) {
        self.init(
            policy: policy, roots: roots, resolver: resolver, proxy: proxy,
            rule: { host in try await store.read { try $0.clientRules.host(host).map(HostRule.init) } },
            clientRule: { url in
                guard let id = try? ClientID(url) else { return nil }
                return try await store.read { try $0.clientRules.find(id).map(HostRule.init) }
            })
    }
}

extension Transaction {
    /// The operator's rule for the client of a metadata document, which wins over the configuration's lists: a block of client or
    /// host, else an allowance of either; nil without a rule.
    func rule(ofDocument id: ClientID) throws -> HostRule? {
        let rules = [try id.documentHost.flatMap { try clientRules.host($0) }, try clientRules.find(id)].compactMap(
            \.self)
        return rules.contains(.block) ? .block : rules.first.map(HostRule.init)
    }

    /// The operator's rule for a key set on `host` that this client names. A rule for the client covers the host of its document
    /// only: a document must not open every other host.
    func rule(ofKeySetOn host: String, of id: ClientID) throws -> HostRule? {
        if host == id.documentHost { return try rule(ofDocument: id) }
        return try clientRules.host(host).map(HostRule.init)
    }
}

extension HostRule {
    init(_ rule: ClientRule.Rule) {
        switch rule {
        case .allow: self = .allow
        case .block: self = .block
        }
    }
}
