/// A change of a registered MCP server. Nil, and a scope that is not named, stay unchanged; its identifier never changes.
package struct ResourceChange: Codable, Hashable, Sendable {
    /// A scope that is added, or described anew. Nil leaves its part unchanged.
    package struct Scope: Codable, Hashable, Sendable {
        /// The scope token.
        package var name: String
        /// The description on the consent page; a new scope without one is described by its name.
        package var description: String?
        /// Whether only a client that requests it by name gets it.
        package var onRequest: Bool?

        /// A change of one scope.
        package init(name: String, description: String? = nil, onRequest: Bool? = nil) {
            self.name = name
            self.description = description
            self.onRequest = onRequest
        }
    }

    /// The identifier that the MCP server must have; nil for any. Metadata of another MCP server is refused by it.
    package var identifier: String?
    /// The name on pages.
    package var name: String?
    /// The accountable owner.
    package var owner: String?
    /// The scopes that are added or described anew.
    package var scopes: [Scope]
    /// The scopes that are withdrawn.
    package var withdrawn: [String]
    /// The URL to which its events are pushed; empty if it polls.
    package var eventsEndpoint: String?

    /// A change of the given parts.
    package init(
        identifier: String? = nil, name: String? = nil, owner: String? = nil, scopes: [Scope] = [],
        withdrawn: [String] = [], eventsEndpoint: String? = nil
    ) {
        self.identifier = identifier
        self.name = name
        self.owner = owner
        self.scopes = scopes
        self.withdrawn = withdrawn
        self.eventsEndpoint = eventsEndpoint
    }
}
