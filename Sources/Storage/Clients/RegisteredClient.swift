package import JOSE
package import OAuth

/// A client that an administrator registered.
package struct RegisteredClient: Hashable, Sendable {
    package let id: ClientID
    package let name: String
    /// The exact redirect URIs; only the port of a loopback URI may differ.
    package let redirectURIs: [RedirectURI]
    package let authMethod: ClientAuthenticationMethod
    /// The digest of the client secret; nil for a public client.
    package let secretDigest: Digest?
    /// The keys of a client that authenticates by `private_key_jwt`; nil for any other.
    package let keys: ClientKeys?
    package let grantTypes: [GrantType]
    /// What the administrator demands of the client.
    package let requirements: ClientRequirements
    /// The MCP servers that the client may request access to; empty for all.
    package let resources: [ResourceID]
    package let createdAt: Timestamp

    /// A client in its stored form.
    package init(
        id: ClientID, name: String, redirectURIs: [RedirectURI], authMethod: ClientAuthenticationMethod = .none,
        secretDigest: Digest? = nil, keys: ClientKeys? = nil,
        grantTypes: [GrantType] = [.authorizationCode, .refreshToken], requirements: ClientRequirements = [],
        resources: [ResourceID] = [], createdAt: Timestamp
    ) {
        self.id = id
        self.name = name
        self.redirectURIs = redirectURIs
        self.authMethod = authMethod
        self.secretDigest = secretDigest
        self.keys = keys
        self.grantTypes = grantTypes
        self.requirements = requirements
        self.resources = resources
        self.createdAt = createdAt
    }
}

extension ClientRequirement {
    /// The column of a registered client that says whether it has the requirement.
    fileprivate var column: String {
        switch self {
        case .pushedRequests: "requires_pushed_requests"
        case .boundTokens: "requires_bound_tokens"
        }
    }
}

/// Clients that administrators registered.
package struct RegisteredClients: Noun {
    let transaction: Transaction
}

extension RegisteredClients {
    private static let columns =
        ([
            "id", "name", "redirect_uris", "auth_method", "secret_digest", "grant_types", "created_at", "jwks",
            "jwks_uri",
        ] + ClientRequirement.allCases.map(\.column)).joined(separator: ", ")
    private static let places = (1...9 + ClientRequirement.allCases.count).map { "?\($0)" }.joined(separator: ", ")

    /// Registers a client; false if the id is taken.
    @discardableResult
    package func insert(_ client: RegisteredClient) throws -> Bool {
        writerMemory?.clientChanges.mark()
        let values: [Value] = [
            client.id.string, client.name, client.redirectURIs.map(\.string).joined(separator: "\n"),
            client.authMethod.rawValue, client.secretDigest?.stored,
            client.grantTypes.map(\.rawValue).joined(separator: "\n"), client.createdAt.seconds,
            client.keys?.storedSet, client.keys?.storedURL,
        ]
        let isNew = try execute(
            "INSERT INTO clients (\(Self.columns)) VALUES (\(Self.places)) ON CONFLICT (id) DO NOTHING",
            values + ClientRequirement.allCases.map { client.requirements.contains($0) ? 1 : 0 })
        guard isNew == 1 else { return false }
        try insert(client.resources, of: client.id)
        return true
    }

    private func insert(_ resources: [ResourceID], of client: ClientID) throws {
        for resource in resources {
            try execute(
                "INSERT INTO client_resources (client_id, resource_id) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
                client.string, resource.string)
        }
    }

    /// The registered client of this id.
    package func find(_ id: ClientID) throws -> RegisteredClient? {
        try first("SELECT \(Self.columns) FROM clients WHERE id = ?1", id.string) { try client($0) }
    }

    /// At most `limit` registered clients by id, behind the given one.
    package func list(after id: ClientID? = nil, limit: Int = 1_000) throws -> [RegisteredClient] {
        try all(
            "SELECT \(Self.columns) FROM clients WHERE id > ?1 ORDER BY id LIMIT ?2", id?.string ?? "", limit
        ) { try client($0) }
    }

    /// Sets name, redirect URIs, grant types and MCP servers of a registered client; false if it does not exist.
    @discardableResult
    package func update(_ client: RegisteredClient) throws -> Bool {
        writerMemory?.clientChanges.mark()
        let isKnown = try execute(
            "UPDATE clients SET name = ?2, redirect_uris = ?3, grant_types = ?4 WHERE id = ?1", client.id.string,
            client.name, client.redirectURIs.map(\.string).joined(separator: "\n"),
            client.grantTypes.map(\.rawValue).joined(separator: "\n"))
        guard isKnown == 1 else { return false }
        try execute("DELETE FROM client_resources WHERE client_id = ?1", client.id.string)
        try insert(client.resources, of: client.id)
        return true
    }

    /// Replaces the secret of a client at once; false if it does not exist or has none.
    package func setSecret(_ digest: Digest, of id: ClientID) throws -> Bool {
        writerMemory?.clientChanges.mark()
        return try execute(
            "UPDATE clients SET secret_digest = ?2 WHERE id = ?1 AND secret_digest IS NOT NULL", id.string,
            digest.stored) == 1
    }

    /// Removes a registered client and ends its sessions; nil if it does not exist.
    package func remove(client id: ClientID, _ ending: SessionEnding) throws -> EndedSessions? {
        writerMemory?.clientChanges.mark()
        guard try execute("DELETE FROM clients WHERE id = ?1", id.string) == 1 else { return nil }
        return try transaction.sessions.end(SessionFilter(client: id), ending)
    }

    private func client(_ row: StoredRow) throws -> RegisteredClient {
        let id = try ClientID(row.text(0))
        return try RegisteredClient(
            id: id, name: row.text(1), redirectURIs: lines(row.text(2)).map { try RedirectURI($0) },
            authMethod: row.parsed(ClientAuthenticationMethod(rawValue: row.text(3))), secretDigest: row.digestIfAny(4),
            keys: row.keysIfAny(7), grantTypes: lines(row.text(5)).map { GrantType(rawValue: $0) },
            requirements: Set(
                ClientRequirement.allCases.enumerated().filter { try row.flag(9 + $0.offset) }.map(\.element)),
            resources: resources(of: id), createdAt: row.time(6))
    }

    // Neither a URI nor a grant type can hold a line break, so lists of them are lines.
    private func lines(_ text: String) -> [String] { text.split(separator: "\n").map(String.init) }

    private func resources(of id: ClientID) throws -> [ResourceID] {
        try all("SELECT resource_id FROM client_resources WHERE client_id = ?1", id.string) { try $0.id(0) }
    }
}
