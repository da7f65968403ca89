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

extension Resources {
    /// The MCP servers whose policies exclude the clients on this host.
    package func closed(toClientsOn host: String) throws -> Set<ResourceID> {
        let closed = try all(
            "SELECT p.resource_id FROM resource_policies p WHERE \(SessionPolicy.excludes(host: "?1"))", host
        ) { try $0.id(0, ResourceID.self) }
        return Set(closed)
    }
}

extension Sessions {
    /// Ends the sessions at an MCP server of clients on hosts that its policy excludes.
    package func endExcluded(at resource: ResourceID, _ ending: SessionEnding) throws -> EndedSessions {
        let hosts = try transaction.resources.policy(of: resource).sessions.clientHosts
        return try end(transaction.sessionHosts.filters(at: resource, outside: hosts), ending)
    }
}
