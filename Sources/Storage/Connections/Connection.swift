package import OAuth

/// A user's account at a provider, connected for one MCP server. The provider's tokens are sealed, and only that MCP server
/// gets them.
package struct Connection: Hashable, Sendable {
    /// Why a connection ended.
    package enum End: String, Hashable, Sendable {
        /// The user connected again.
        case replaced
        /// The user revoked it.
        case revokedByPerson = "revoked_by_person"
        /// An administrator revoked it.
        case revokedByAdmin = "revoked_by_admin"
        /// The provider refused to renew its tokens.
        case refusedByProvider = "refused_by_provider"
        /// The provider renewed it with more scopes than the MCP server may have.
        case scopeExceeded = "scope_exceeded"
        case providerRemoved = "provider_removed"
        case resourceRemoved = "resource_removed"
        /// The user's last session at the MCP server ended, and its policy revokes connections then.
        case sessionsEnded = "sessions_ended"
    }

    package let id: ConnectionID
    package let userID: UserID
    package let resourceID: ResourceID
    package let provider: ProviderName
    /// The scopes that were requested from the provider.
    package let asked: ScopeSet
    /// The scopes that the provider granted.
    package let scope: ScopeSet
    /// The provider's tokens, sealed; nil once the connection has ended.
    package let tokens: [UInt8]?
    package let createdAt: Timestamp
    /// When the tokens were last renewed; nil before.
    package let refreshedAt: Timestamp?
    /// When it ended; nil for a live connection.
    package let endedAt: Timestamp?
    /// Why it ended; nil for a live connection.
    package let endReason: End?

    /// A new connection.
    package init(
        id: ConnectionID, userID: UserID, resourceID: ResourceID, provider: ProviderName, asked: ScopeSet,
        scope: ScopeSet, tokens: [UInt8], createdAt: Timestamp
    ) {
        self.id = id
        self.userID = userID
        self.resourceID = resourceID
        self.provider = provider
        self.asked = asked
        self.scope = scope
        self.tokens = tokens
        self.createdAt = createdAt
        refreshedAt = nil
        endedAt = nil
        endReason = nil
    }
}

/// Selects connections; a property that is nil selects all.
package struct ConnectionFilter: Hashable, Sendable {
    package var user: UserID?
    package var resource: ResourceID?
    package var provider: ProviderName?

    /// A filter; without arguments it selects every connection.
    package init(user: UserID? = nil, resource: ResourceID? = nil, provider: ProviderName? = nil) {
        self.user = user
        self.resource = resource
        self.provider = provider
    }
}

/// Third-party accounts that users connected.
package struct Connections: Noun {
    let transaction: Transaction
}

extension Connections {
    /// Stores a new connection, and ends the user's earlier one for this MCP server and provider.
    package func connect(_ connection: Connection) throws {
        try transaction.connections.end(
            ConnectionFilter(
                user: connection.userID, resource: connection.resourceID, provider: connection.provider),
            reason: .replaced, now: connection.createdAt)
        try execute(
            """
            INSERT INTO connections (id, user_id, resource_id, provider, asked, scope, tokens, created_at)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
            """, connection.id.string, connection.userID.string, connection.resourceID.string,
            connection.provider.string, connection.asked.string, connection.scope.string, connection.tokens?.stored,
            connection.createdAt.seconds)
    }

    /// The connection of this id, live or ended.
    package func find(_ id: ConnectionID) throws -> Connection? {
        try first("SELECT \(Connection.columns) FROM connections WHERE id = ?1", id.string) { try Connection($0) }
    }

    /// The live connection of a user for an MCP server at a provider, of which there is at most one.
    package func find(user: UserID, resource: ResourceID, provider: ProviderName) throws -> Connection? {
        try first(
            """
            SELECT \(Connection.columns) FROM connections
            WHERE user_id = ?1 AND resource_id = ?2 AND provider = ?3 AND ended_at IS NULL
            """, user.string, resource.string, provider.string
        ) { try Connection($0) }
    }

    /// The connections that match, live or ended, newest first, behind the given one.
    package func list(
        _ filter: ConnectionFilter, after id: ConnectionID? = nil, limit: Int
    ) throws -> [Connection] {
        try all(
            """
            SELECT \(Connection.columns) FROM connections
            WHERE (?1 IS NULL OR user_id = ?1) AND (?2 IS NULL OR resource_id = ?2) AND (?3 IS NULL OR provider = ?3)
                AND (?4 IS NULL OR (created_at, id) < (SELECT created_at, id FROM connections WHERE id = ?4))
            ORDER BY created_at DESC, id DESC LIMIT ?5
            """, filter.user?.string, filter.resource?.string, filter.provider?.string, id?.string, limit
        ) { try Connection($0) }
    }

    /// The live connections of a user, newest first.
    package func live(of user: UserID, limit: Int) throws -> [Connection] {
        try all(Self.liveConnectionsOfUser, user.string, limit) { try Connection($0) }
    }

    static let liveConnectionsOfUser = """
        SELECT \(Connection.columns) FROM connections WHERE user_id = ?1 AND ended_at IS NULL
        ORDER BY created_at DESC, id DESC LIMIT ?2
        """

    /// Stores renewed tokens; false if the connection has ended.
    package func refresh(_ id: ConnectionID, tokens: [UInt8], scope: ScopeSet, now: Timestamp) throws -> Bool {
        try execute(
            """
            UPDATE connections SET tokens = ?2, scope = ?3, refreshed_at = ?4 WHERE id = ?1 AND ended_at IS NULL
            """, id.string, tokens.stored, scope.string, now.seconds) == 1
    }

    /// Ends a connection and erases its tokens; false if it had ended.
    package func end(_ id: ConnectionID, reason: Connection.End, now: Timestamp) throws -> Bool {
        try execute(
            """
            UPDATE connections SET tokens = NULL, ended_at = ?2, end_reason = ?3 WHERE id = ?1 AND ended_at IS NULL
            """, id.string, now.seconds, reason.rawValue) == 1
    }

    /// Ends the live connections that match, and returns them as they are afterwards.
    @discardableResult
    package func end(
        _ filter: ConnectionFilter, reason: Connection.End, now: Timestamp
    ) throws -> [Connection] {
        try all(
            """
            UPDATE connections SET tokens = NULL, ended_at = ?4, end_reason = ?5
            WHERE ended_at IS NULL AND (?1 IS NULL OR user_id = ?1) AND (?2 IS NULL OR resource_id = ?2)
                AND (?3 IS NULL OR provider = ?3)
            RETURNING \(Connection.columns)
            """, filter.user?.string, filter.resource?.string, filter.provider?.string, now.seconds, reason.rawValue
        ) { try Connection($0) }
    }
}

extension Connection {
    fileprivate static let columns = """
        id, user_id, resource_id, provider, asked, scope, tokens, created_at, refreshed_at, ended_at, end_reason
        """

    fileprivate init(_ row: StoredRow) throws {
        id = try row.id(0)
        userID = try row.id(1)
        resourceID = try row.id(2)
        provider = try ProviderName(row.text(3))
        asked = try row.scope(4)
        scope = try row.scope(5)
        tokens = try row.bytesIfAny(6)
        createdAt = try row.time(7)
        refreshedAt = try row.timeIfAny(8)
        endedAt = try row.timeIfAny(9)
        endReason = try row.textIfAny(10).map { try row.parsed(End(rawValue: $0)) }
    }
}
