import OAuth

// How long clients that registered themselves stay, and which of them give way.
extension DynamicClients {
    /// The number of clients that no user approved, by the count that triggers keep.
    package func unusedCount() throws -> Int {
        Int(try first("SELECT unused FROM registration_counts WHERE kind = 'all'") { try $0.integer(0) } ?? 0)
    }

    /// Notes the first approval of a client, with its audit record: from now on the client stays as long as its sessions.
    ///
    /// Registrations of strangers leave no record before, because a flood of them would fill the audit trail.
    func use(_ id: ClientID, at now: Timestamp) throws {
        guard id.isSelfRegistered,
            try execute(
                "UPDATE dynamic_clients SET used_at = ?2 WHERE id = ?1 AND used_at IS NULL", id.string, now.seconds)
                == 1,
            let client = try find(id)
        else { return }
        try transaction.audit.append(
            AuditEntry(
                .clientRegistered, at: now, actor: .client(id), client: id,
                reason: "registered itself at \(client.registeredAt.rfc3339); first approval", initiator: .system,
                address: client.isOwned && !client.network.isEmpty ? client.network : nil))
    }

    /// Makes a client unused again after the last of its sessions was deleted, 90 days after that session ended. The client
    /// is deleted then, unless it registered again lately.
    func release(_ id: ClientID) throws {
        guard id.isSelfRegistered, try execute(Self.release, id.string) == 1 else { return }
        writerMemory?.clientChanges.mark()
    }

    static let release = """
        UPDATE dynamic_clients SET used_at = NULL WHERE id = ?1 AND used_at IS NOT NULL
            AND NOT EXISTS (SELECT 1 FROM sessions INDEXED BY sessions_by_client_state WHERE client_id = ?1)
        """

    /// The clients with live sessions at an MCP server.
    func live(at resource: ResourceID) throws -> [ClientID] {
        try all(
            """
            SELECT id FROM dynamic_clients d WHERE used_at IS NOT NULL AND EXISTS (
                SELECT 1 FROM sessions s INDEXED BY sessions_by_client_state
                WHERE s.client_id = d.id AND \(SessionLife.hasStateThatLives("s")) AND s.resource_id = ?1)
            """, resource.string
        ) { try $0.client(0) }
    }

    /// Deletes at most `limit` clients that no user approved in time; returns their number.
    func tidy(now: Timestamp, limit: Int) throws -> Int {
        try execute(Self.outdated, (now - Self.unusedLife).seconds, limit)
            + execute(Self.outdatedInvited, (now - Self.invitedLife).seconds, limit)
    }

    static let outdated = """
        DELETE FROM dynamic_clients WHERE id IN (
            SELECT id FROM dynamic_clients INDEXED BY unused_dynamic_clients_by_age
            WHERE used_at IS NULL AND is_invited = 0 AND last_registered_at <= ?1 ORDER BY last_registered_at LIMIT ?2)
        """

    static let outdatedInvited = """
        DELETE FROM dynamic_clients WHERE id IN (
            SELECT id FROM dynamic_clients INDEXED BY invited_dynamic_clients_by_age
            WHERE used_at IS NULL AND is_invited = 1 AND last_registered_at <= ?1 ORDER BY last_registered_at LIMIT ?2)
        """

    /// Makes room for one more unapproved client, and returns nil; or the seconds until one of those in its way may give way.
    func makeRoom(for client: DynamicClient, within limits: Limits) throws -> Int64? {
        let now = client.registeredAt
        if try count(.network, client.network) >= limits.perNetwork,
            let wait = try evict(Self.oldestOfNetwork, client.network, now: now)
        {
            return wait
        }
        if try count(.site, client.site) >= limits.perSite,
            let wait = try evict(Self.oldestOfSite, client.site, now: now)
        {
            return wait
        }
        guard try unusedCount() >= limits.total else { return nil }
        let largest = try first(Self.largestSite) { (try $0.text(0), try $0.integer(1)) }
        // Where every site has one client only, no site is the largest, and the oldest client of all gives way.
        if let largest, largest.1 > 1, try evict(Self.oldestOfSite, largest.0, now: now) == nil { return nil }
        return try evict(Self.oldest, now: now)
    }

    /// The groups whose unapproved clients are counted.
    private enum Group: String {
        case network, site
    }

    private func count(_ group: Group, _ name: String) throws -> Int64 {
        try first(
            "SELECT unused FROM registration_counts WHERE kind = ?1 AND name = ?2", group.rawValue, name
        ) { try $0.integer(0) } ?? 0
    }

    /// Deletes the client that a query names first, and returns nil. If even that one registered a moment ago, it stays; the
    /// result is then the seconds to wait.
    private func evict(_ query: String, _ values: Value..., now: Timestamp) throws -> Int64? {
        guard let (id, last) = try first(query, values, as: { (try $0.text(0), try $0.time(1)) }) else { return nil }
        let wait = last + Self.grace - now
        guard wait <= 0 else { return min(wait, Self.grace) }
        try execute("DELETE FROM dynamic_clients WHERE id = ?1", id)
        return nil
    }

    static let oldestOfNetwork = """
        SELECT id, last_registered_at FROM dynamic_clients INDEXED BY unused_dynamic_clients_by_network
        WHERE used_at IS NULL AND is_invited = 0 AND network = ?1 ORDER BY last_registered_at LIMIT 1
        """

    static let oldestOfSite = """
        SELECT id, last_registered_at FROM dynamic_clients INDEXED BY unused_dynamic_clients_by_site
        WHERE used_at IS NULL AND is_invited = 0 AND site = ?1 ORDER BY last_registered_at LIMIT 1
        """

    static let oldest = """
        SELECT id, last_registered_at FROM dynamic_clients INDEXED BY unused_dynamic_clients_by_age
        WHERE used_at IS NULL AND is_invited = 0 ORDER BY last_registered_at LIMIT 1
        """

    static let largestSite = """
        SELECT name, unused FROM registration_counts INDEXED BY registration_counts_by_number
        WHERE kind = 'site' ORDER BY unused DESC LIMIT 1
        """
}

extension DynamicClient {
    /// Whether the client belongs to one registrant, who manages it.
    package var isOwned: Bool { registrationTokenDigest != nil }
}
