package import OAuth

/// What an administrator lets one MCP server ask of people, and demands of sessions there.
package struct ResourcePolicy: Hashable, Sendable {
    /// The kinds of elicitation that it may create.
    package var elicitationKinds: Set<ElicitationKind>
    /// The hosts that it may send people to, lower case, with a port where it is not 443.
    package var externalHosts: [String]
    /// Whether what a person connected for it ends with the person's last session there.
    package var endsConnections: Bool
    /// What holds for sessions.
    package var sessions: SessionPolicy

    /// A policy; unless told otherwise, people may be asked to confirm and nothing else, and connections last.
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
    /// The policy of an MCP server; the default one if nobody decided otherwise.
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

    /// Decides what an MCP server may ask of people and what holds for sessions there, from now on.
    package func set(_ policy: ResourcePolicy, of resource: ResourceID) throws {
        try execute(
            """
            INSERT INTO resource_policies
                (resource_id, elicitation_kinds, external_hosts, ends_connections, \(SessionPolicy.columns))
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
            ON CONFLICT (resource_id) DO UPDATE SET elicitation_kinds = excluded.elicitation_kinds,
                external_hosts = excluded.external_hosts, ends_connections = excluded.ends_connections,
                longest_session = excluded.longest_session, idle_limit = excluded.idle_limit,
                session_choices = excluded.session_choices, token_life = excluded.token_life,
                client_hosts = excluded.client_hosts
            """, resource.string, policy.elicitationKinds.sorted().map(\.rawValue).joined(separator: " "),
            policy.externalHosts.joined(separator: " "), policy.endsConnections ? 1 : 0, policy.sessions.longest,
            policy.sessions.idle, policy.sessions.choices.map(String.init).joined(separator: " "),
            policy.sessions.tokenLife, policy.sessions.clientHosts.joined(separator: " "))
    }
}
