package import OAuth

/// An administrator's limits of the sessions at one MCP server; a property that is nil or empty leaves it to the
/// configuration.
package struct SessionPolicy: Hashable, Sendable {
    /// The allowed lifetimes and idle timeouts of sessions, in seconds.
    package static let lengths: ClosedRange<Int64> = 60...31_536_000
    /// The allowed lifetimes of access tokens, in seconds.
    package static let tokenLives: ClosedRange<Int64> = 60...3_600
    /// The number of lifetimes that the consent page can offer.
    package static let mostChoices = 8
    /// The number of hosts in a policy.
    package static let mostHosts = 100

    /// The longest lifetime that a user may choose, in seconds.
    package var longest: Int64?
    /// The idle timeout in seconds.
    package var idle: Int64?
    /// The lifetimes on the consent page, in seconds, shortest first.
    package var choices: [Int64]
    /// The longest lifetime of an access token, in seconds.
    package var tokenLife: Int64?
    /// The lifetime of the sessions of clients that act for themselves, in seconds.
    package var service: Int64?
    /// The only hosts, in lower case, whose clients are admitted. A client that an administrator registered has no host and is
    /// always admitted; one that registered itself is not, because no host vouches for it.
    package var clientHosts: [String]
    /// Whether a session may begin on a device without a browser.
    package var allowsDevice: Bool

    /// A policy; without arguments it leaves everything to the configuration.
    package init(
        longest: Int64? = nil, idle: Int64? = nil, choices: [Int64] = [], tokenLife: Int64? = nil,
        service: Int64? = nil, clientHosts: [String] = [], allowsDevice: Bool = true
    ) {
        self.longest = longest
        self.idle = idle
        self.choices = choices
        self.tokenLife = tokenLife
        self.service = service
        self.clientHosts = clientHosts
        self.allowsDevice = allowsDevice
    }
}

extension SessionPolicy {
    /// The SQL condition that the policy `p` excludes clients on a host; false without a policy or without a host.
    static func excludes(host: String) -> String {
        """
        coalesce(p.client_hosts <> '' AND \(host) IS NOT NULL
            AND instr(' ' || p.client_hosts || ' ', ' ' || \(host) || ' ') = 0, 0)
        """
    }

    /// The SQL condition that the policy `p` excludes a client on a host, or one that registered itself.
    static func excludes(host: String, client: String) -> String {
        """
        CASE WHEN \(host) IS NULL THEN coalesce(p.client_hosts <> '', 0)
                AND EXISTS (SELECT 1 FROM dynamic_clients WHERE id = \(client))
            ELSE \(excludes(host: host)) END
        """
    }
}

extension Resources {
    /// The MCP servers whose policies exclude the clients on this host.
    package func closed(toClientsOn host: String) throws -> Set<ResourceID> {
        let closed = try all(
            "SELECT p.resource_id FROM resource_policies p WHERE \(SessionPolicy.excludes(host: "?1"))", host
        ) { try $0.id(0, ResourceID.self) }
        return Set(closed)
    }

    /// The MCP servers that admit only clients on certain hosts, and so none that registered itself.
    package func closedToSelfRegisteredClients() throws -> Set<ResourceID> {
        Set(
            try all("SELECT resource_id FROM resource_policies WHERE client_hosts <> ''") {
                try $0.id(0, ResourceID.self)
            })
    }
}

extension Sessions {
    /// Ends the sessions at an MCP server of clients on hosts that its policy excludes.
    package func endExcluded(at resource: ResourceID, _ ending: SessionEnding) throws -> EndedSessions {
        let hosts = try transaction.resources.policy(of: resource).sessions.clientHosts
        return try end(transaction.sessionHosts.filters(at: resource, outside: hosts), ending)
    }
}
