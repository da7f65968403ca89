import OAuth
package import Outbound
package import Storage

extension DocumentFetcher {
    /// A fetcher that asks `store` before every fetch what the operator decided about the host and the client.
    package convenience init(
        policy: FetchPolicy, roots: TrustRoots = .system, resolver: Resolver = .system(), rulesIn store: Store
    ) {
        self.init(
            policy: policy, roots: roots, resolver: resolver,
            rule: { host in try await store.read { try $0.clientRules.host(host).map(HostRule.init) } },
            clientRule: { url in
                guard let id = try? ClientID(url) else { return nil }
                return try await store.read { try $0.clientRules.find(id).map(HostRule.init) }
            })
    }
}

extension Transaction {
    /// What the operator decided about the client of a document: its host's block, else whether client or host is let in. It
    /// wins over the configuration's lists.
    func rule(ofDocument id: ClientID) throws -> HostRule? {
        let rules = [try id.documentHost.flatMap { try clientRules.host($0) }, try clientRules.find(id)].compactMap(
            \.self)
        return rules.contains(.block) ? .block : rules.first.map(HostRule.init)
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
