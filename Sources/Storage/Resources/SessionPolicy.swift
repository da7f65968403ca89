package import OAuth

/// What an administrator demands of sessions at one MCP server; what is nil or empty is as the configuration says.
package struct SessionPolicy: Hashable, Sendable {
    /// What a session's length and its idle limit may be, in seconds.
    package static let lengths: ClosedRange<Int64> = 60...31_536_000
    /// What the life of an access token may be, in seconds.
    package static let tokenLives: ClosedRange<Int64> = 60...3_600
    /// How many choices a page can offer.
    package static let mostChoices = 8
    /// How many hosts can be named.
    package static let mostHosts = 100

    /// The longest that a person may let a session last, in seconds.
    package var longest: Int64?
    /// Seconds without any use after which a session is over.
    package var idle: Int64?
    /// What the consent page offers, in seconds, shortest first.
    package var choices: [Int64]
    /// Seconds an access token lives at most.
    package var tokenLife: Int64?
    /// The only hosts, in lower case, whose clients may come; clients that an administrator registered come anyway.
    package var clientHosts: [String]

    /// A policy; without arguments everything is as the configuration says.
    package init(
        longest: Int64? = nil, idle: Int64? = nil, choices: [Int64] = [], tokenLife: Int64? = nil,
        clientHosts: [String] = []
    ) {
        self.longest = longest
        self.idle = idle
        self.choices = choices
        self.tokenLife = tokenLife
        self.clientHosts = clientHosts
    }
}

extension SessionPolicy {
    /// The columns of `resource_policies` that hold one, in the order in which they are read.
    static let columns = "longest_session, idle_limit, session_choices, token_life, client_hosts"

    /// Whether the policy `p` excludes the clients of a host, as SQL; false where there is no policy, or no host.
    static func excludes(host: String) -> String {
        """
        coalesce(p.client_hosts <> '' AND \(host) IS NOT NULL
            AND instr(' ' || p.client_hosts || ' ', ' ' || \(host) || ' ') = 0, 0)
        """
    }

    init(_ row: StoredRow, from column: Int) throws {
        longest = try row.integerIfAny(column)
        idle = try row.integerIfAny(column + 1)
        choices = try row.text(column + 2).split(separator: " ").map { try row.parsed(Int64($0)) }
        tokenLife = try row.integerIfAny(column + 3)
        clientHosts = try row.text(column + 4).split(separator: " ").map(String.init)
    }
}

extension Sessions {
    /// The MCP servers to which clients of this host may not come.
    package func resources(closedTo host: String) throws -> Set<ResourceID> {
        let closed = try all(
            "SELECT p.resource_id FROM resource_policies p WHERE \(SessionPolicy.excludes(host: "?1"))", host
        ) { try $0.id(0, ResourceID.self) }
        return Set(closed)
    }

    /// Ends the sessions at an MCP server of clients whose hosts its policy excludes.
    package func endExcluded(at resource: ResourceID, _ ending: SessionEnding) throws -> EndedSessions {
        try end(
            excluded(at: resource, admitting: transaction.resources.policy(of: resource).sessions.clientHosts), ending)
    }

    /// The sessions at an MCP server of clients on other hosts than these; no host named excludes nobody.
    package func excluded(at resource: ResourceID, admitting hosts: [String]) throws -> [SessionFilter] {
        guard !hosts.isEmpty else { return [] }
        return try hostsInUse().filter { !hosts.contains($0) }.map { SessionFilter(host: $0, resource: resource) }
    }

    /// The hosts of the clients that sessions were ever approved for.
    func hostsInUse() throws -> [String] { try all(Self.hosts) { try $0.text(0) } }

    // Jumps along the index from one host to the next.
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

    /// How many sessions at an MCP server no row calls over, counted up to a limit.
    package func liveCount(at resource: ResourceID, atMost limit: Int, now: Timestamp) throws -> Int {
        try first(Self.liveCount, resource.string, now.seconds, limit) { Int(try $0.integer(0)) } ?? 0
    }

    static let liveCount = """
        SELECT count(*) FROM (
            SELECT 1 FROM sessions INDEXED BY sessions_by_resource_state
            WHERE resource_id = ?1 AND \(SessionLife.lives(at: "?2")) LIMIT ?3)
        """
}
