package import Outbound
package import Storage

extension DocumentFetcher {
    /// A fetcher that asks `store` before every fetch what the operator decided about the host.
    package convenience init(
        policy: FetchPolicy, roots: TrustRoots = .system, resolver: Resolver = .system(), rulesIn store: Store
    ) {
        self.init(policy: policy, roots: roots, resolver: resolver) { host in
            try await store.read { try $0.hostRule(host).map(HostRule.init) }
        }
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
