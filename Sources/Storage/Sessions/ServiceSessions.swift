package import OAuth

/// Service sessions: the sessions of clients that act for themselves. They have no user, no browser and no code, and a client has
/// at most one live one at each MCP server.
package struct ServiceSessions: Noun {
    let transaction: Transaction
}

extension ServiceSessions {
    /// The live service session of a client at an MCP server.
    package func find(of client: ClientID, at resource: ResourceID, now: Timestamp) throws -> Session? {
        let kept = try first(Self.query, client.string, resource.string) { try Session($0) }
        return kept.flatMap { $0.isLive(at: now) ? $0 : nil }
    }

    // SQLite uses the partial index only if the query repeats its condition.
    private static let query = """
        SELECT \(Session.columns) FROM sessions INDEXED BY live_service_sessions
        WHERE client_id = ?1 AND resource_id = ?2 AND user_id IS NULL AND \(SessionLife.hasStateThatLives())
        """

    /// The number of service sessions of a client at an MCP server that began since, without a live one.
    package func ended(of client: ClientID, at resource: ResourceID, since: Timestamp) throws -> Int {
        try first(
            """
            SELECT count(*) FROM sessions INDEXED BY sessions_by_client_state
            WHERE client_id = ?1 AND state IN ('ended', 'expired') AND created_at > ?3 AND resource_id = ?2
                AND user_id IS NULL
            """, client.string, resource.string, since.seconds
        ) { Int(try $0.integer(0)) } ?? 0
    }

    /// Opens a service session with its audit record. No approval precedes it, so it is active at once. An earlier one that expired
    /// unnoticed is stored as expired and makes room for it; a live one is an error.
    package func open(_ session: Session) throws {
        let earlier = try first(Self.query, session.clientID.string, session.resourceID.string) { try Session($0) }
        if let earlier, !earlier.isLive(at: session.createdAt) {
            try transaction.sessions.close(earlier.id, .expiry(at: earlier.unusedExpiry))
        }
        try transaction.sessions.begin(session)
        guard try transaction.sessions.activate(session.id, now: session.createdAt) else {
            throw StoreError.constraint("a session that begins can be activated")
        }
        try transaction.audit.append(
            AuditEntry(
                .sessionOpened, at: session.createdAt, actor: .client(session.clientID), of: session, initiator: .client
            ))
    }

    /// Applies a changed permission to a live service session: one that allows less ends, one that allows more goes on with it.
    /// Returns whether the session ended.
    ///
    /// A token keeps the scopes that it was issued with, so a session cannot lose scopes while its tokens live on.
    package func limit(_ session: Session, to scope: ScopeSet, _ ending: SessionEnding) throws -> Bool {
        guard session.scope.isSubset(of: scope) else { return try transaction.sessions.end(session, ending) != nil }
        try execute("UPDATE sessions SET scope = ?2 WHERE id = ?1", session.id.string, scope.string)
        // A scope that was withdrawn since the session began does not come back to it; the next token opens another session.
        guard try transaction.sessions.find(session.id)?.scope == scope else {
            return try transaction.sessions.end(session, ending) != nil
        }
        return false
    }
}
