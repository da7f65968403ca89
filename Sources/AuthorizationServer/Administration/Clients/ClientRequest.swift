package import OAuth
import Storage

/// The requests about clients.
package enum ClientRequest: Codable, Hashable, Sendable {
    /// Registers a client.
    case add(ClientDraft)
    /// Lists registered clients, known metadata documents, and rules about others, each by ID.
    case list(PageRequest = PageRequest())
    /// Shows one client.
    case show(String)
    /// Allows a client or all clients of a host; takes precedence over the configuration. `acceptsTokenEndpoint` also admits the token
    /// endpoint as audience of client assertions, and `allowsDevice` the device grant.
    case allow(String, acceptsTokenEndpoint: Bool = false, allowsDevice: Bool = false)
    /// Blocks a client or all clients of a host, and revokes their sessions; takes precedence over every allowance.
    case block(String, reason: String? = nil)
    /// Lists the rules about clients and hosts.
    case rules(PageRequest = PageRequest())
    /// Removes the rule about a client or a host, so that the configuration applies again.
    case removeRule(String, reason: String? = nil)
    /// Shows or changes what a client may do by itself.
    case permissions(ClientPermissionRequest)
    /// Changes a registered client without ending more sessions than it has to. With `isDryRun` it only says what the change would
    /// do.
    case edit(String, ClientChange, reason: String? = nil, isDryRun: Bool = false)
    /// Replaces the secret of a registered client. The old one becomes invalid at once, or after `overlap`, such as `1h`.
    case rotateSecret(String, overlap: String? = nil)
    /// Marks a metadata document as stale, so that its next use fetches it again.
    case refresh(String)
    /// Removes a registered client or a known metadata document, and revokes its sessions.
    case remove(String, reason: String? = nil)
    /// About the redirects that clients may register themselves with.
    case redirects(RedirectRequest)
    /// About initial access tokens, with which clients register themselves.
    case invitations(InvitationRequest)
}

extension ClientRequest: NounRequest {
    package var traits: RequestTraits {
        switch self {
        case .list, .show, .rules, .permissions(.show): [.safeOnRolledBackTrail, .long]
        case .edit(_, _, _, let isDryRun): isDryRun ? .long : [.withdrawsAccess, .long]
        case .block, .remove, .rotateSecret, .permissions(.set), .permissions(.withdraw): [.withdrawsAccess, .long]
        case .add, .allow, .removeRule, .refresh: .long
        case .redirects(let request): request.traits
        case .invitations(let request): request.traits
        }
    }

    func perform(_ task: AdministrationTask) async throws -> AdministrationAnswer {
        try await ClientAdministration(task: task).perform(self)
    }

    func revokedSessions(_ task: AdministrationTask, _ transaction: Transaction) throws -> [SessionFilter] {
        try ClientAdministration(task: task).sessions(revokedBy: self, transaction)
    }
}

/// A client to register, unchecked.
package struct ClientDraft: Codable, Hashable, Sendable {
    /// The client ID; nil for a random one.
    package var id: String?
    /// The name on the consent page.
    package var name: String
    /// The redirect URIs.
    package var redirectURIs: [String]
    /// The client authentication method.
    package var authMethod: String
    /// The keys for `private_key_jwt`; nil for any other method.
    package var keys: KeysDraft?
    /// The identifiers of the MCP servers that it may request access to; empty for any.
    package var resources: [String]
    /// What the administrator demands of it.
    package var requirements: ClientRequirements
    /// Private-use schemes of its redirect URIs that are not in the list of known apps, and that the administrator confirms.
    package var ownSchemes: [String]
    /// The scopes that the client may have at its MCP server by itself; nil for a client that users approve.
    package var serviceScopes: [String]?
    /// Whether it may use the device grant.
    package var usesDevice: Bool

    /// A client to register.
    package init(
        id: String?, name: String, redirectURIs: [String], authMethod: String, keys: KeysDraft? = nil,
        resources: [String], requirements: ClientRequirements = [], ownSchemes: [String] = [],
        serviceScopes: [String]? = nil, usesDevice: Bool = false
    ) {
        self.id = id
        self.name = name
        self.redirectURIs = redirectURIs
        self.authMethod = authMethod
        self.keys = keys
        self.resources = resources
        self.requirements = requirements
        self.ownSchemes = ownSchemes
        self.serviceScopes = serviceScopes
        self.usesDevice = usesDevice
    }
}
