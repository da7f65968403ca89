package import JOSE
package import OAuth

/// An MCP server that delegates authorization to Gatehouse, and who is accountable for it.
package struct Resource: Hashable, Sendable {
    package let id: ResourceID
    /// The identifier as its owner spells it and tokens carry it.
    package let identifier: ResourceIdentifier
    package let name: String
    /// Who is accountable for the MCP server.
    package let owner: String
    /// The scopes, in the order of the consent page.
    package let scopes: [ResourceScope]
    /// The digest of the client secret; nil for an MCP server with keys. The secret itself is never stored.
    package let secretDigest: Digest?
    /// The keys of an MCP server that authenticates by `private_key_jwt`; nil for one with a secret.
    package let keys: ClientKeys?
    /// The URL that receives events; nil for an MCP server that polls.
    package let eventsEndpoint: String?
    /// Since when it is disabled; nil for an enabled one.
    package let disabledAt: Timestamp?
    /// When it was removed; its row stays for the sessions and records that name it.
    package let removedAt: Timestamp?
    package let createdAt: Timestamp
    /// When it last polled for events, to the hour.
    package let polledAt: Timestamp?

    /// Whether tokens for it are issued and introspected.
    package var isServed: Bool { disabledAt == nil && removedAt == nil }

    /// An MCP server in its stored form.
    package init(
        id: ResourceID = .random(), identifier: ResourceIdentifier, name: String, owner: String,
        scopes: [ResourceScope], secretDigest: Digest?, keys: ClientKeys? = nil, eventsEndpoint: String? = nil,
        disabledAt: Timestamp? = nil, removedAt: Timestamp? = nil, createdAt: Timestamp, polledAt: Timestamp? = nil
    ) {
        self.id = id
        self.identifier = identifier
        self.name = name
        self.owner = owner
        self.scopes = scopes
        self.secretDigest = secretDigest
        self.keys = keys
        self.eventsEndpoint = eventsEndpoint
        self.disabledAt = disabledAt
        self.removedAt = removedAt
        self.createdAt = createdAt
        self.polledAt = polledAt
    }
}

/// MCP servers with their scopes, policies and actions.
package struct Resources: Noun {
    let transaction: Transaction
}

extension Resources {
    private static let columns = """
        id, identifier, name, owner, secret_digest, events_endpoint, disabled_at, removed_at, created_at, polled_at,
        jwks, jwks_uri
        """

    /// Registers an MCP server; false if the identifier is registered.
    ///
    /// The identifier of a removed MCP server can be registered again. It gets a new row with a new id, so that no session or
    /// connection of the old one belongs to it.
    @discardableResult
    package func insert(_ resource: Resource) throws -> Bool {
        let isNew = try execute(
            """
            INSERT INTO resources
                (id, identifier, comparable, name, owner, secret_digest, events_endpoint, disabled_at, created_at,
                jwks, jwks_uri)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) ON CONFLICT (comparable) WHERE removed_at IS NULL DO NOTHING
            """, resource.id.string, resource.identifier.string, resource.identifier.comparable, resource.name,
            resource.owner, resource.secretDigest?.stored, resource.eventsEndpoint, resource.disabledAt?.seconds,
            resource.createdAt.seconds, resource.keys?.storedSet, resource.keys?.storedURL)
        guard isNew == 1 else { return false }
        if resource.eventsEndpoint != nil { writerMemory?.signals.add(stream: resource.id) }
        try insert(resource.scopes, of: resource.id)
        return true
    }

    /// The MCP server of this id, also a removed one.
    package func find(id: ResourceID) throws -> Resource? {
        try first("SELECT \(Self.columns) FROM resources WHERE id = ?1", id.string) { try resource($0) }
    }

    /// The digest of an MCP server's secret; nil if it has keys instead, or is disabled, removed or unknown.
    package func secretDigest(ofServed id: ResourceID) throws -> Digest? {
        try first(
            "SELECT secret_digest FROM resources WHERE id = ?1 AND disabled_at IS NULL AND removed_at IS NULL",
            id.string
        ) { try $0.digestIfAny(0) } ?? nil
    }

    /// The keys of an MCP server; nil if it has a secret instead, or is disabled, removed or unknown.
    package func keys(ofServed id: ResourceID) throws -> ClientKeys? {
        try first(
            "SELECT jwks, jwks_uri FROM resources WHERE id = ?1 AND disabled_at IS NULL AND removed_at IS NULL",
            id.string
        ) { try $0.keysIfAny(0) } ?? nil
    }

    /// The registered MCP server with this comparable identifier.
    package func find(comparable: String) throws -> Resource? {
        try first(
            "SELECT \(Self.columns) FROM resources WHERE comparable = ?1 AND removed_at IS NULL", comparable
        ) { try resource($0) }
    }

    /// All registered MCP servers, by name.
    package func list() throws -> [Resource] {
        try all("SELECT \(Self.columns) FROM resources WHERE removed_at IS NULL ORDER BY name, id") { try resource($0) }
    }

    /// At most `limit` registered MCP servers by name, behind the given one.
    package func list(after id: ResourceID?, limit: Int) throws -> [Resource] {
        try all(
            """
            SELECT \(Self.columns) FROM resources
            WHERE removed_at IS NULL
                AND (?1 IS NULL OR (name, id) > (SELECT name, id FROM resources WHERE id = ?1))
            ORDER BY name, id LIMIT ?2
            """, id?.string, limit
        ) { try resource($0) }
    }

    /// Replaces the secret of an MCP server at once; false if it is removed or has keys.
    package func setSecret(_ digest: Digest, of id: ResourceID) throws -> Bool {
        try execute(
            "UPDATE resources SET secret_digest = ?2 WHERE id = ?1 AND removed_at IS NULL AND secret_digest IS NOT NULL",
            id.string, digest.stored)
            == 1
    }

    /// Removes an MCP server with its provider rules and connections, and ends its sessions; nil if it does not exist.
    package func remove(resource id: ResourceID, _ ending: SessionEnding) throws -> EndedSessions? {
        let isRemoved = try execute(
            "UPDATE resources SET removed_at = ?2 WHERE id = ?1 AND removed_at IS NULL", id.string, ending.at.seconds)
        guard isRemoved == 1 else { return nil }
        try execute("DELETE FROM provider_rules WHERE resource_id = ?1", id.string)
        for connection in try transaction.connections.end(
            ConnectionFilter(resource: id), reason: .resourceRemoved, now: ending.at)
        {
            try transaction.audit.append(ending.record(of: connection))
        }
        return try transaction.sessions.end(SessionFilter(resource: id), ending)
    }

    /// Records that an MCP server polled for events.
    package func recordPoll(by id: ResourceID, now: Timestamp) throws {
        try execute("UPDATE resources SET polled_at = ?2 WHERE id = ?1", id.string, now.seconds)
    }

    private func resource(_ row: StoredRow) throws -> Resource {
        let id: ResourceID = try row.id(0)
        return try Resource(
            id: id, identifier: ResourceIdentifier(row.text(1)), name: row.text(2), owner: row.text(3),
            scopes: scopes(of: id), secretDigest: row.digestIfAny(4), keys: row.keysIfAny(10),
            eventsEndpoint: row.textIfAny(5),
            disabledAt: row.timeIfAny(6), removedAt: row.timeIfAny(7), createdAt: row.time(8),
            polledAt: row.timeIfAny(9))
    }
}
