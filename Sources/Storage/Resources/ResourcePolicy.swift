package import OAuth

/// An administrator's policy for one MCP server: what it may ask users, and the limits of its sessions.
package struct ResourcePolicy: Hashable, Sendable {
    /// The kinds of elicitation that the MCP server may create.
    package var elicitationKinds: Set<ElicitationKind>
    /// The hosts that it may send users to, in lower case, with a port other than 443.
    package var externalHosts: [String]
    /// Whether a user's connections are revoked with the user's last session there.
    package var endsConnections: Bool
    /// The limits of its sessions.
    package var sessions: SessionPolicy

    /// A policy. Without arguments only confirmations are allowed, and connections outlive sessions.
    package init(
        elicitationKinds: Set<ElicitationKind> = [.confirm], externalHosts: [String] = [],
        endsConnections: Bool = false, sessions: SessionPolicy = SessionPolicy()
    ) {
        self.elicitationKinds = elicitationKinds
        self.externalHosts = externalHosts
        self.endsConnections = endsConnections
        self.sessions = sessions
    }
}

extension Resources {
    /// The policy of an MCP server; the default one if none is stored.
    package func policy(of resource: ResourceID) throws -> ResourcePolicy {
        try first("SELECT \(PolicyColumn.names) FROM resource_policies WHERE resource_id = ?1", resource.string) {
            row in
            var policy = ResourcePolicy()
            for (index, column) in PolicyColumn.all.enumerated() { try column.read(row, index, &policy) }
            return policy
        } ?? ResourcePolicy()
    }

    /// Sets the policy of an MCP server.
    package func set(_ policy: ResourcePolicy, of resource: ResourceID) throws {
        let id: [Value] = [resource.string]
        try execute(
            """
            INSERT INTO resource_policies (resource_id, \(PolicyColumn.names)) VALUES (?1, \(PolicyColumn.places))
            ON CONFLICT (resource_id) DO UPDATE SET \(PolicyColumn.assignments)
            """, id + PolicyColumn.all.map { $0.value(policy) })
    }
}
