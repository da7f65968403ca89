package import JOSE
package import OAuth

/// An MCP server that delegates to Gatehouse, and who answers for it.
package struct Resource: Hashable, Sendable {
    package let id: ResourceID
    /// As its owner spells it, and as tokens carry it.
    package let identifier: ResourceIdentifier
    package let name: String
    /// The one accountable name.
    package let owner: String
    /// In the order in which a person reads them.
    package let scopes: [ResourceScope]
    package let secretDigest: Digest
    package let eventsEndpoint: String?
    package let disabledAt: Timestamp?
    package let removedAt: Timestamp?
    package let createdAt: Timestamp
    /// When it last fetched its events itself, to the hour.
    package let polledAt: Timestamp?

    /// Whether tokens for it are given out and vouched for.
    package var isServed: Bool { disabledAt == nil && removedAt == nil }

    /// An MCP server, as it is to be stored.
    package init(
        id: ResourceID = .random(), identifier: ResourceIdentifier, name: String, owner: String,
        scopes: [ResourceScope], secretDigest: Digest, eventsEndpoint: String? = nil, disabledAt: Timestamp? = nil,
        removedAt: Timestamp? = nil, createdAt: Timestamp, polledAt: Timestamp? = nil
    ) {
        self.id = id
        self.identifier = identifier
        self.name = name
        self.owner = owner
        self.scopes = scopes
        self.secretDigest = secretDigest
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
        id, identifier, name, owner, secret_digest, events_endpoint, disabled_at, removed_at, created_at, polled_at
        """

    /// Registers an MCP server; false when one of the same identifier is served already.
    ///
    /// The identifier of a removed one may come again: as a new row with a new id, so that nothing old is its own.
    @discardableResult
    package func insert(_ resource: Resource) throws -> Bool {
        let isNew = try execute(
            """
            INSERT INTO resources
                (id, identifier, comparable, name, owner, secret_digest, events_endpoint, disabled_at, created_at)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (comparable) WHERE removed_at IS NULL DO NOTHING
            """, resource.id.string, resource.identifier.string, resource.identifier.comparable, resource.name,
            resource.owner, resource.secretDigest.stored, resource.eventsEndpoint, resource.disabledAt?.seconds,
            resource.createdAt.seconds)
        guard isNew == 1 else { return false }
        if resource.eventsEndpoint != nil { writerMemory?.signals.add(stream: resource.id) }
        try insert(resource.scopes, of: resource.id)
        return true
    }

    /// The MCP server with this id, also a removed one.
    package func find(id: ResourceID) throws -> Resource? {
        try first("SELECT \(Self.columns) FROM resources WHERE id = ?1", id.string) { try resource($0) }
    }

    /// What an MCP server has to know to be believed, and nil when there is none that is served.
    package func secretDigest(ofServed id: ResourceID) throws -> Digest? {
        try first(
            "SELECT secret_digest FROM resources WHERE id = ?1 AND disabled_at IS NULL AND removed_at IS NULL",
            id.string
        ) { try $0.digest(0) }
    }

    /// The MCP server that is registered under this comparable identifier now.
    package func find(comparable: String) throws -> Resource? {
        try first(
            "SELECT \(Self.columns) FROM resources WHERE comparable = ?1 AND removed_at IS NULL", comparable
        ) { try resource($0) }
    }

    /// Every registered MCP server, by name.
    package func list() throws -> [Resource] {
        try all("SELECT \(Self.columns) FROM resources WHERE removed_at IS NULL ORDER BY name, id") { try resource($0) }
    }

    /// Registered MCP servers by name, those behind one, at most `limit`.
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

    /// Replaces an MCP server's secret; the old one stops at once.
    package func setSecret(_ digest: Digest, of id: ResourceID) throws -> Bool {
        try execute(
            "UPDATE resources SET secret_digest = ?2 WHERE id = ?1 AND removed_at IS NULL", id.string, digest.stored)
            == 1
    }

    /// Removes an MCP server for good with its permissions and connections, and ends its sessions; nil when there is none.
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

    /// Notes that an MCP server fetches its events itself.
    package func notePoll(by id: ResourceID, now: Timestamp) throws {
        try execute("UPDATE resources SET polled_at = ?2 WHERE id = ?1", id.string, now.seconds)
    }

    private func resource(_ row: StoredRow) throws -> Resource {
        let id: ResourceID = try row.id(0)
        return try Resource(
            id: id, identifier: ResourceIdentifier(row.text(1)), name: row.text(2), owner: row.text(3),
            scopes: scopes(of: id), secretDigest: row.digest(4), eventsEndpoint: row.textIfAny(5),
            disabledAt: row.timeIfAny(6), removedAt: row.timeIfAny(7), createdAt: row.time(8),
            polledAt: row.timeIfAny(9))
    }
}
