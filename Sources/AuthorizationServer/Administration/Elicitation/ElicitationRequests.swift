/// What can be asked about elicitations.
package enum ElicitationsRequest: Codable, Hashable, Sendable {
    /// Names those that match, the newest first.
    case list(ElicitationSelection, page: PageRequest = PageRequest())
    /// Describes one by its handle.
    case show(String)
    /// Cancels one that still waits for its person.
    case cancel(String)
}

/// Which elicitations are meant; what is not said does not narrow.
package struct ElicitationSelection: Codable, Hashable, Sendable {
    /// Those of a person, by name or subject.
    package var user: String?
    /// Those of an MCP server, by id or identifier.
    package var resource: String?
    /// Those that stand so.
    package var status: String?

    /// A selection that does not narrow unless told to.
    package init(user: String? = nil, resource: String? = nil, status: String? = nil) {
        self.user = user
        self.resource = resource
        self.status = status
    }
}

/// What can be asked about events.
package enum EventRequest: Codable, Hashable, Sendable {
    /// Names those that are kept, the newest first: of an MCP server, by id or identifier, and in a state, if named.
    case list(resource: String?, state: String?, page: PageRequest = PageRequest())
    /// Sends one again that did not arrive, from the start of the schedule.
    case retry(String)
}

/// What an operator changes about an MCP server; what is nil stays.
package struct PolicyChange: Codable, Hashable, Sendable {
    /// The kinds of elicitation that it may ask for.
    package var kinds: [String]?
    /// The hosts to which it may send people for an external step.
    package var externalHosts: [String]?
    /// Whether what a person connected for it ends with the person's last session there.
    package var endsConnections: Bool?
    /// What it may start by itself: names, each with `=allow` or `=ask` and scopes behind it where they are not the usual.
    package var actions: [String]?
    /// What its scopes reach.
    package var reach: ScopeChanges
    /// Where its events are pushed; the empty text means that it polls.
    package var eventsEndpoint: String?
    /// What holds for sessions there.
    package var sessions: SessionPolicyChange

    /// A change of what is named.
    package init(
        kinds: [String]? = nil, externalHosts: [String]? = nil, endsConnections: Bool? = nil,
        actions: [String]? = nil, reach: ScopeChanges = ScopeChanges(), eventsEndpoint: String? = nil,
        sessions: SessionPolicyChange = SessionPolicyChange()
    ) {
        self.kinds = kinds
        self.externalHosts = externalHosts
        self.endsConnections = endsConnections
        self.actions = actions
        self.reach = reach
        self.eventsEndpoint = eventsEndpoint
        self.sessions = sessions
    }

    /// Whether it only asks.
    package var isEmpty: Bool {
        kinds == nil && externalHosts == nil && endsConnections == nil && actions == nil && reach.isEmpty
            && eventsEndpoint == nil && sessions.isEmpty
    }
}
