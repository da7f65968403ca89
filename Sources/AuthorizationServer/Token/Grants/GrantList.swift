import OAuth
import Storage

/// The grants that this server serves, in the order in which its metadata lists them.
struct GrantList: Sendable {
    private let grants: [any Grant]
    private let byType: [GrantType: [any Grant]]

    init(_ grants: [any Grant]) {
        self.grants = grants
        byType = Dictionary(grouping: grants, by: \.type)
    }

    /// The grant types, for the metadata: one that clients and MCP servers both use stands there once.
    var types: [GrantType] {
        grants.map(\.type).reduce(into: []) { types, type in if !types.contains(type) { types.append(type) } }
    }

    /// The grant of this type, if it is served. `asker` tells the grants of one type apart by who may use them.
    subscript(type: GrantType, asker: () -> ClientID?) -> (any Grant)? {
        guard let found = byType[type], found.count > 1 else { return byType[type]?.first }
        let isServer = asker().flatMap { ResourceID($0.string) } != nil
        return found.first { $0.isForServers == isServer }
    }
}

extension Grant {
    /// Whether MCP servers use the grant, and not clients.
    fileprivate var isForServers: Bool { Asker.self == Resource.self }
}
