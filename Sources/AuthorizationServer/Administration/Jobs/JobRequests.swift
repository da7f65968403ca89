/// What can be asked about jobs.
package enum JobsRequest: Codable, Hashable, Sendable {
    /// Names those that match, the newest first.
    case list(JobSelection, page: PageRequest = PageRequest())
    /// Describes one.
    case show(String)
    /// Ends these, all or none; with what is to stand beside the records.
    case end([String], reason: String?)
}

/// Which jobs are meant; what is not said does not narrow.
package struct JobSelection: Codable, Hashable, Sendable {
    /// Those of a person, by name or subject.
    package var user: String?
    /// Those of an MCP server, by id or identifier.
    package var resource: String?
    /// Those of a session.
    package var session: String?
    /// Those that are open, or have ended.
    package var state: String?

    /// A selection that does not narrow unless told to.
    package init(user: String? = nil, resource: String? = nil, session: String? = nil, state: String? = nil) {
        self.user = user
        self.resource = resource
        self.session = session
        self.state = state
    }
}
