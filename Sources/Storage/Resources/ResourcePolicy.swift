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
        try first(
            """
            SELECT elicitation_kinds, external_hosts, ends_connections, \(SessionPolicy.columns)
            FROM resource_policies WHERE resource_id = ?1
            """, resource.string
        ) { row in
            let kinds = try row.text(0).split(separator: " ").map {
                try row.parsed(ElicitationKind(rawValue: String($0)))
            }
            return ResourcePolicy(
                elicitationKinds: Set(kinds), externalHosts: try row.text(1).split(separator: " ").map(String.init),
                endsConnections: try row.flag(2), sessions: try SessionPolicy(row, from: 3))
        } ?? ResourcePolicy()
    }

    /// Sets the policy of an MCP server.
    package func set(_ policy: ResourcePolicy, of resource: ResourceID) throws {
        try execute(
            """
            INSERT INTO resource_policies
                (resource_id, elicitation_kinds, external_hosts, ends_connections, \(SessionPolicy.columns))
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
            ON CONFLICT (resource_id) DO UPDATE SET elicitation_kinds = excluded.elicitation_kinds,
                external_hosts = excluded.external_hosts, ends_connections = excluded.ends_connections,
                longest_session = excluded.longest_session, idle_limit = excluded.idle_limit,
                session_choices = excluded.session_choices, token_life = excluded.token_life,
                client_hosts = excluded.client_hosts, service_session = excluded.service_session,
                allows_device = excluded.allows_device
            """, resource.string, policy.elicitationKinds.sorted().map(\.rawValue).joined(separator: " "),
            policy.externalHosts.joined(separator: " "), policy.endsConnections ? 1 : 0, policy.sessions.longest,
            policy.sessions.idle, policy.sessions.choices.map(String.init).joined(separator: " "),
            policy.sessions.tokenLife, policy.sessions.clientHosts.joined(separator: " "),
            policy.sessions.service, policy.sessions.allowsDevice ? 1 : 0)
    }
}
