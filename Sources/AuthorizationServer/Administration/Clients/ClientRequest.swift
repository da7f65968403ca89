/// What can be asked about clients.
package enum ClientRequest: Codable, Hashable, Sendable {
    /// Registers a client by hand.
    case add(ClientDraft)
    /// Names registered clients, known documents and rules about others, each by id.
    case list(PageRequest = PageRequest())
    /// Describes one client.
    case show(String)
    /// Lets a host's clients, or one client, come; wins over the configuration's lists.
    case allow(String)
    /// Keeps a host's clients, or one client, out and ends their sessions; wins over every allowance.
    case block(String, reason: String? = nil)
    /// Names the rules about clients and hosts.
    case rules(PageRequest = PageRequest())
    /// Forgets what was decided about a client or a host, so that the configuration decides again.
    case removeRule(String, reason: String? = nil)
    /// Has a client's document fetched anew at its next use.
    case refresh(String)
    /// Removes a registered client, or forgets a document, and ends its sessions.
    case remove(String, reason: String? = nil)
}

/// A client as an operator describes it.
package struct ClientDraft: Codable, Hashable, Sendable {
    /// The identifier; a random one when none is wished.
    package var id: String?
    /// What people read on the consent page.
    package var name: String
    /// Where answers may go.
    package var redirectURIs: [String]
    /// How the client proves itself at the token endpoint.
    package var authMethod: String
    /// The MCP servers it may ask for, by identifier; none named means any.
    package var resources: [String]
    /// Schemes of its own in its redirects that no list knows and the administrator vouches for.
    package var ownSchemes: [String]

    /// A description of a client.
    package init(
        id: String?, name: String, redirectURIs: [String], authMethod: String, resources: [String],
        ownSchemes: [String] = []
    ) {
        self.id = id
        self.name = name
        self.redirectURIs = redirectURIs
        self.authMethod = authMethod
        self.resources = resources
        self.ownSchemes = ownSchemes
    }
}
