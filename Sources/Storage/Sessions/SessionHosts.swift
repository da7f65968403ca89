package import OAuth

/// The hosts of the clients that have sessions, and the sessions of the clients on some hosts.
package struct SessionHosts: Noun {
    let transaction: Transaction
}

extension SessionHosts {
    /// The hosts of all clients that a session was ever approved for.
    func inUse() throws -> [String] { try all(Self.hosts) { try $0.text(0) } }

    // Jumps along the index from one host to the next: a million sessions of ten hosts cost ten steps.
    private static let hosts = """
        WITH RECURSIVE hosts (host) AS (
            SELECT (SELECT min(client_host) FROM sessions INDEXED BY sessions_by_host_state
                WHERE client_host IS NOT NULL)
            UNION ALL
            SELECT (SELECT min(client_host) FROM sessions INDEXED BY sessions_by_host_state
                WHERE client_host > hosts.host)
            FROM hosts WHERE hosts.host IS NOT NULL)
        SELECT host FROM hosts WHERE host IS NOT NULL
        """

    /// Filters for the sessions that a rule about a client or a host covers; no session matches two of them.
    package func filters(coveredBy target: ClientRule.Target) throws -> [SessionFilter] {
        switch target {
        case .client(let id): [SessionFilter(client: id)]
        case .host(let name) where !name.hasPrefix("*"): [SessionFilter(host: name)]
        case .host(let name):
            try inUse().filter { ClientRule.Target.covers(name, $0) }.map { SessionFilter(host: $0) }
        }
    }

    /// Filters for the sessions at an MCP server of clients on other hosts than these, and of clients that registered
    /// themselves, for which no host vouches. Without hosts there is no filter, because an empty list in a policy admits every
    /// host.
    package func filters(at resource: ResourceID, outside hosts: [String]) throws -> [SessionFilter] {
        guard !hosts.isEmpty else { return [] }
        let excluded = try inUse().filter { !hosts.contains($0) }
        return try excluded.map { SessionFilter(host: $0, resource: resource) }
            + transaction.dynamicClients.live(at: resource).map { SessionFilter(client: $0, resource: resource) }
    }
}
