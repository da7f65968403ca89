import OAuth

/// The grants that this server serves, in the order in which its metadata lists them.
struct GrantList: Sendable {
    private let grants: [any Grant]
    private let byType: [GrantType: any Grant]

    init(_ grants: [any Grant]) {
        self.grants = grants
        byType = Dictionary(uniqueKeysWithValues: grants.map { ($0.type, $0) })
    }

    /// The grant types, for the metadata.
    var types: [GrantType] { grants.map(\.type) }

    /// The grant of this type, if it is served.
    subscript(type: GrantType) -> (any Grant)? { byType[type] }
}
