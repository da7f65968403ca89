import OAuth

// How long clients that registered themselves stay, and which of them give way.
extension DynamicClients {
    /// The number of clients that no user approved, by the count that triggers keep.
    package func unusedCount() throws -> Int {
        Int(try first("SELECT value FROM meta WHERE key = 'unused dynamic clients'") { try $0.integer(0) } ?? 0)
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
                address: client.network.isEmpty ? nil : client.network))
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
    }

    static let outdated = """
        DELETE FROM dynamic_clients WHERE id IN (
            SELECT id FROM dynamic_clients INDEXED BY unused_dynamic_clients_by_age
            WHERE used_at IS NULL AND last_registered_at <= ?1 ORDER BY last_registered_at LIMIT ?2)
        """

    /// Deletes unapproved clients beyond the limits, but never the one that was just registered.
    func makeRoom(for client: DynamicClient, within limits: Limits) throws {
        try execute(Self.excessOfNetwork, client.network, client.id.string, limits.perNetwork)
        // One step makes room for one client. The second one lowers a count that is too high for another reason.
        for _ in 0..<2 {
            guard try unusedCount() > limits.total, try execute(Self.oldestOfLargest, client.id.string) == 1 else {
                return
            }
        }
    }

    static let excessOfNetwork = """
        DELETE FROM dynamic_clients WHERE id IN (
            SELECT id FROM dynamic_clients INDEXED BY unused_dynamic_clients_by_network
            WHERE used_at IS NULL AND network = ?1 AND id <> ?2 ORDER BY last_registered_at
            LIMIT max(0, coalesce((SELECT unused FROM registration_networks WHERE network = ?1), 0) - ?3))
        """

    // Where every network has one client only, no network is the largest, and the oldest client of all gives way.
    static let oldestOfLargest = """
        DELETE FROM dynamic_clients WHERE id = CASE
            WHEN (SELECT max(unused) FROM registration_networks) > 1 THEN (
                SELECT id FROM dynamic_clients INDEXED BY unused_dynamic_clients_by_network
                WHERE used_at IS NULL AND id <> ?1 AND network = (
                    SELECT network FROM registration_networks INDEXED BY registration_networks_by_count
                    ORDER BY unused DESC LIMIT 1)
                ORDER BY last_registered_at LIMIT 1)
            ELSE (
                SELECT id FROM dynamic_clients INDEXED BY unused_dynamic_clients_by_age
                WHERE used_at IS NULL AND id <> ?1 ORDER BY last_registered_at LIMIT 1)
            END
        """
}
