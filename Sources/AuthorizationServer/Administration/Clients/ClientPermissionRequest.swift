/// The requests about what clients may do by themselves.
package enum ClientPermissionRequest: Codable, Hashable, Sendable {
    /// Shows the permissions of a client.
    case show(client: String)
    /// Permits a client to act for itself at an MCP server, with these scopes in place of earlier ones.
    case set(client: String, resource: String, scopes: [String], reason: String? = nil)
    /// Withdraws the permission for an MCP server, and revokes the client's session there.
    case withdraw(client: String, resource: String, reason: String? = nil)
}
