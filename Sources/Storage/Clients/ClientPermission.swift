package import OAuth

/// An administrator's permission for a registered client to act for itself at one MCP server.
package struct ClientPermission: Hashable, Sendable {
    package let clientID: ClientID
    package let resourceID: ResourceID
    /// The scopes that the client may have, without those that they include; never empty.
    package let scope: ScopeSet
    package let createdAt: Timestamp

    /// A permission in its stored form.
    package init(clientID: ClientID, resourceID: ResourceID, scope: ScopeSet, createdAt: Timestamp) {
        self.clientID = clientID
        self.resourceID = resourceID
        self.scope = scope
        self.createdAt = createdAt
    }
}

/// The permissions of clients that act for themselves. A client without one gets no token by itself.
package struct ClientPermissions: Noun {
    let transaction: Transaction
}

extension ClientPermissions {
    /// Stores a permission in place of an earlier one for the same client and MCP server.
    package func set(_ permission: ClientPermission) throws {
        try execute(
            """
            INSERT INTO client_permissions (client_id, resource_id, scope, created_at) VALUES (?1, ?2, ?3, ?4)
            ON CONFLICT (client_id, resource_id) DO UPDATE SET scope = excluded.scope
            """, permission.clientID.string, permission.resourceID.string, permission.scope.string,
            permission.createdAt.seconds)
    }

    /// Withdraws a permission; false if it does not exist.
    package func remove(client: ClientID, resource: ResourceID) throws -> Bool {
        try execute(
            "DELETE FROM client_permissions WHERE client_id = ?1 AND resource_id = ?2", client.string, resource.string
        ) == 1
    }

    /// The registered clients whose ids begin as the subjects of users do. An earlier version took such ids; none of these clients
    /// can be permitted to act for itself.
    package func clientsNamedAsUsers() throws -> [ClientID] {
        try all("SELECT id FROM clients WHERE id >= ?1 AND id < ?2 ORDER BY id LIMIT 100", "sub_", "sub`") {
            try $0.client(0)
        }
    }

    /// At most `limit` permissions for an MCP server, by client.
    package func list(at resource: ResourceID, limit: Int) throws -> [ClientPermission] {
        try all(
            """
            SELECT client_id, resource_id, scope, created_at FROM client_permissions
            WHERE resource_id = ?1 ORDER BY client_id LIMIT ?2
            """, resource.string, limit
        ) {
            ClientPermission(
                clientID: try $0.client(0), resourceID: try $0.id(1), scope: try $0.scope(2), createdAt: try $0.time(3))
        }
    }

    /// The permissions of a client at MCP servers that are served, by MCP server.
    package func list(of client: ClientID) throws -> [ClientPermission] {
        try all(
            """
            SELECT p.client_id, p.resource_id, p.scope, p.created_at
            FROM client_permissions p JOIN resources r ON r.id = p.resource_id
            WHERE p.client_id = ?1 AND r.removed_at IS NULL AND r.disabled_at IS NULL ORDER BY r.identifier
            """, client.string
        ) {
            ClientPermission(
                clientID: try $0.client(0), resourceID: try $0.id(1), scope: try $0.scope(2), createdAt: try $0.time(3))
        }
    }
}
