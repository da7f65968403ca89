package import OAuth

/// What an administrator lets one MCP server ask of people.
package struct ResourcePolicy: Hashable, Sendable {
    /// The kinds of elicitation that it may create.
    package var elicitationKinds: Set<ElicitationKind>
    /// The hosts that it may send people to, lower case, with a port where it is not 443.
    package var externalHosts: [String]
    /// Whether what a person connected for it ends with the person's last session there.
    package var endsConnections: Bool

    /// A policy; unless told otherwise, people may be asked to confirm and nothing else, and connections last.
    package init(
        elicitationKinds: Set<ElicitationKind> = [.confirm], externalHosts: [String] = [],
        endsConnections: Bool = false
    ) {
        self.elicitationKinds = elicitationKinds
        self.externalHosts = externalHosts
        self.endsConnections = endsConnections
    }
}

extension Transaction {
    /// The policy of an MCP server; the default one if nobody decided otherwise.
    package func policy(of resource: ResourceID) throws -> ResourcePolicy {
        try first(
            """
            SELECT elicitation_kinds, external_hosts, ends_connections FROM resource_policies WHERE resource_id = ?1
            """, resource.string
        ) { row in
            let kinds = try row.text(0).split(separator: " ").map {
                try row.parsed(ElicitationKind(rawValue: String($0)))
            }
            return ResourcePolicy(
                elicitationKinds: Set(kinds), externalHosts: try row.text(1).split(separator: " ").map(String.init),
                endsConnections: try row.flag(2))
        } ?? ResourcePolicy()
    }

    /// Decides what an MCP server may ask of people, from now on.
    package func set(_ policy: ResourcePolicy, of resource: ResourceID) throws {
        try execute(
            """
            INSERT INTO resource_policies (resource_id, elicitation_kinds, external_hosts, ends_connections)
            VALUES (?1, ?2, ?3, ?4)
            ON CONFLICT (resource_id) DO UPDATE SET elicitation_kinds = excluded.elicitation_kinds,
                external_hosts = excluded.external_hosts, ends_connections = excluded.ends_connections
            """, resource.string, policy.elicitationKinds.sorted().map(\.rawValue).joined(separator: " "),
            policy.externalHosts.joined(separator: " "), policy.endsConnections ? 1 : 0)
    }
}
