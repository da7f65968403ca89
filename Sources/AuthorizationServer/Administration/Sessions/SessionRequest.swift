/// What can be asked about sessions.
package enum SessionRequest: Codable, Hashable, Sendable {
    /// Names the sessions that match, the newest first; of idle ones the longest unused first.
    case list(SessionSelection, page: PageRequest = PageRequest())
    /// Describes one session.
    case show(String)
    /// Counts the live sessions that match and shows the newest of them; nothing is ended.
    case preview(SessionSelection)
    /// Ends every session that matches.
    case revoke(SessionSelection, reason: String?)
}

/// Which sessions are meant; what is not said does not narrow.
package struct SessionSelection: Codable, Hashable, Sendable {
    /// These sessions alone.
    package var ids: [String]
    /// Those of a person, by name or subject.
    package var user: String?
    /// Those of a client.
    package var client: String?
    /// Those of clients whose documents lie on a host.
    package var host: String?
    /// Those at an MCP server, by id or identifier.
    package var resource: String?
    /// Those in a state.
    package var state: String?
    /// Those that can still be used and were not for so many seconds.
    package var idleFor: Int64?

    /// A selection that does not narrow unless told to.
    package init(
        ids: [String] = [], user: String? = nil, client: String? = nil, host: String? = nil, resource: String? = nil,
        state: String? = nil, idleFor: Int64? = nil
    ) {
        self.ids = ids
        self.user = user
        self.client = client
        self.host = host
        self.resource = resource
        self.state = state
        self.idleFor = idleFor
    }
}
