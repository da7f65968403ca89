/// What can be asked about MCP servers.
package enum ResourceRequest: Codable, Hashable, Sendable {
    /// Registers an MCP server.
    case add(ResourceDraft)
    /// Names registered MCP servers, by name.
    case list(PageRequest = PageRequest())
    /// Describes one, by its id or its identifier.
    case show(String)
    /// Shows what one may do and where its events go, after changing what is named.
    case policy(String, PolicyChange, reason: String? = nil)
    /// Gives one a new secret; the old one stops at once.
    case rotateSecret(String)
    /// Removes one and ends its sessions.
    case remove(String, reason: String? = nil)
}

/// An MCP server as an operator describes it.
package struct ResourceDraft: Codable, Hashable, Sendable {
    /// A scope that the MCP server knows.
    package struct Scope: Codable, Hashable, Sendable {
        /// The word on the wire.
        package var name: String
        /// What the person reads.
        package var description: String
        /// Whether it is granted only to a client that names it.
        package var onRequest: Bool

        /// A scope with its description.
        package init(name: String, description: String, onRequest: Bool) {
            self.name = name
            self.description = description
            self.onRequest = onRequest
        }
    }

    /// The resource identifier, as the MCP server spells it.
    package var identifier: String
    /// What people call it.
    package var name: String
    /// Who answers for it.
    package var owner: String
    /// The scopes it knows, in the order they are shown.
    package var scopes: [Scope]
    /// What these scopes reach.
    package var reach: ScopeChanges
    /// Where its events are pushed, if it takes them so.
    package var eventsEndpoint: String?

    /// A description without scopes unless they are named.
    package init(
        identifier: String, name: String, owner: String, scopes: [Scope] = [], reach: ScopeChanges = ScopeChanges(),
        eventsEndpoint: String? = nil
    ) {
        self.identifier = identifier
        self.name = name
        self.owner = owner
        self.scopes = scopes
        self.reach = reach
        self.eventsEndpoint = eventsEndpoint
    }
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
