/// A change of a registered client. Nil leaves a part unchanged.
package struct ClientChange: Codable, Hashable, Sendable {
    /// The name on the consent page.
    package var name: String?
    /// The redirect URIs.
    package var redirectURIs: [String]?
    /// The MCP servers that it may request access to; empty for any.
    package var resources: [String]?
    /// Private-use schemes of its redirect URIs that the administrator confirms.
    package var ownSchemes: [String]

    /// A change of the given parts.
    package init(
        name: String? = nil, redirectURIs: [String]? = nil, resources: [String]? = nil, ownSchemes: [String] = []
    ) {
        self.name = name
        self.redirectURIs = redirectURIs
        self.resources = resources
        self.ownSchemes = ownSchemes
    }
}
