import Storage

/// The requests about sessions.
package enum SessionRequest: Codable, Hashable, Sendable {
    /// Lists the matching sessions, newest first; idle ones, longest idle first.
    case list(SessionSelection, page: PageRequest = PageRequest())
    /// Shows one session.
    case show(String)
    /// Counts the matching live sessions and lists the newest, up to this number; changes nothing.
    case preview(SessionSelection, shown: Int = 10)
    /// Revokes every matching session.
    case revoke(SessionSelection, reason: String?)
}

extension SessionRequest: NounRequest {
    package var traits: RequestTraits {
        switch self {
        case .list, .show: .safeOnRolledBackTrail
        case .preview: .long
        case .revoke: [.withdrawsAccess, .long]
        }
    }

    func perform(_ task: AdministrationTask) async throws -> AdministrationAnswer {
        try await SessionAdministration(task: task).perform(self)
    }

    func revokedSessions(_ task: AdministrationTask, _ transaction: Transaction) throws -> [SessionFilter] {
        guard case .revoke(let selection, _) = self else { return [] }
        return try SessionLookup(task: task).filters(selection, transaction).each
    }
}

/// A selection of sessions. A session matches if it matches every criterion that is set.
package struct SessionSelection: Codable, Hashable, Sendable {
    /// Only these sessions; empty for any.
    package var ids: [String]
    /// Only sessions of this user (name or subject).
    package var user: String?
    /// Only sessions of this client.
    package var client: String?
    /// Only sessions of clients with a metadata document on this host, or on a pattern of hosts.
    package var host: String?
    /// Only sessions at this MCP server (ID or identifier).
    package var resource: String?
    /// Only sessions at MCP servers of this owner.
    package var owner: String?
    /// Only sessions in this state.
    package var state: String?
    /// Only live sessions without use for this many seconds.
    package var idleFor: Int64?

    /// Selects every session by default.
    package init(
        ids: [String] = [], user: String? = nil, client: String? = nil, host: String? = nil, resource: String? = nil,
        owner: String? = nil, state: String? = nil, idleFor: Int64? = nil
    ) {
        self.ids = ids
        self.user = user
        self.client = client
        self.host = host
        self.resource = resource
        self.owner = owner
        self.state = state
        self.idleFor = idleFor
    }
}
