import Storage

/// The requests about MCP servers. Each names its MCP server by ID or identifier.
package enum ResourceRequest: Codable, Hashable, Sendable {
    /// Registers an MCP server.
    case add(ResourceDraft)
    /// Lists registered MCP servers by name.
    case list(PageRequest = PageRequest())
    /// Shows one MCP server.
    case show(String)
    /// Changes the given settings of a policy, if any, and shows the policy.
    case policy(String, PolicyChange, reason: String? = nil)
    /// Changes an MCP server without ending more sessions than it has to. With `isDryRun` it only says what the change would do.
    case edit(String, ResourceChange, reason: String? = nil, isDryRun: Bool = false)
    /// Adds scopes to an MCP server; those that it has stay as they are.
    case addScopes(String, [ResourceDraft.Scope])
    /// Replaces the secret. The old one becomes invalid at once, or after `overlap`, such as `1h`.
    case rotateSecret(String, overlap: String? = nil)
    /// Removes an MCP server and revokes its sessions.
    case remove(String, reason: String? = nil)
}

extension ResourceRequest: NounRequest {
    package var traits: RequestTraits {
        switch self {
        case .list, .show: [.safeOnRolledBackTrail, .long]
        case .policy(_, let change, _):
            change == PolicyChange() ? [.safeOnRolledBackTrail, .withdrawsAccess, .long] : [.withdrawsAccess, .long]
        case .edit(_, _, _, let isDryRun): isDryRun ? .long : [.withdrawsAccess, .long]
        case .rotateSecret, .remove: [.withdrawsAccess, .long]
        case .add, .addScopes: .long
        }
    }

    func perform(_ task: AdministrationTask) async throws -> AdministrationAnswer {
        try await ResourceAdministration(task: task).perform(self)
    }

    func revokedSessions(_ task: AdministrationTask, _ transaction: Transaction) throws -> [SessionFilter] {
        try ResourceAdministration(task: task).sessions(revokedBy: self, transaction)
    }
}

/// An MCP server to register, unchecked.
package struct ResourceDraft: Codable, Hashable, Sendable {
    /// A scope of the MCP server.
    package struct Scope: Codable, Hashable, Sendable {
        /// The scope token.
        package var name: String
        /// The description on the consent page.
        package var description: String
        /// Whether only a client that requests it by name gets it.
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
    /// The name on pages.
    package var name: String
    /// The accountable owner.
    package var owner: String
    /// The scopes, in the order of the consent page.
    package var scopes: [Scope]
    /// The reach of these scopes.
    package var reach: ScopeChanges
    /// The URL to which its events are pushed; nil if it polls.
    package var eventsEndpoint: String?
    /// Its keys; nil for an MCP server that gets a secret.
    package var keys: KeysDraft?

    /// An MCP server to register, without scopes by default.
    package init(
        identifier: String, name: String, owner: String, scopes: [Scope] = [], reach: ScopeChanges = ScopeChanges(),
        eventsEndpoint: String? = nil, keys: KeysDraft? = nil
    ) {
        self.identifier = identifier
        self.name = name
        self.owner = owner
        self.scopes = scopes
        self.reach = reach
        self.eventsEndpoint = eventsEndpoint
        self.keys = keys
    }
}

/// A change of an MCP server's policy. Nil leaves a setting unchanged.
package struct PolicyChange: Codable, Hashable, Sendable {
    /// The words of each changed setting, by its name in `PolicySetting.all`.
    package var settings: [String: [String]]
    /// The actions that it may start on its own: `NAME`, `NAME=ask`, or `NAME=allow SCOPE`.
    package var actions: [String]?
    /// The reach of its scopes.
    package var reach: ScopeChanges
    /// The URL to which its events are pushed; empty if it polls.
    package var eventsEndpoint: String?
    /// Who may use it.
    package var access: AccessChange
    /// The identity provider at which its users have to sign in; empty for any way to sign in.
    package var identityProvider: String?

    /// A change of the given settings.
    package init(
        settings: [String: [String]] = [:], actions: [String]? = nil, reach: ScopeChanges = ScopeChanges(),
        eventsEndpoint: String? = nil, access: AccessChange = AccessChange(), identityProvider: String? = nil
    ) {
        self.settings = settings
        self.actions = actions
        self.reach = reach
        self.eventsEndpoint = eventsEndpoint
        self.access = access
        self.identityProvider = identityProvider
    }

    /// Whether no setting changes.
    package var isEmpty: Bool {
        settings.isEmpty && actions == nil && reach.isEmpty && eventsEndpoint == nil && access.isEmpty
            && identityProvider == nil
    }

    /// Whether sessions may end by the change.
    package var revokesSessions: Bool { excludesClients || access.narrowsAccess }

    /// Whether a setting changes by which live sessions may end.
    var excludesClients: Bool { PolicySetting.all.contains { $0.endsSessions && settings[$0.name] != nil } }
}
