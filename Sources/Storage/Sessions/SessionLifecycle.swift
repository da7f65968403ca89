package import OAuth

/// Sessions: their beginning, use and end, and lists of them.
package struct Sessions: Noun {
    let transaction: Transaction
}

extension Sessions {
    /// Stores a user's approval: the session, and the code that its client redeems.
    package func approve(_ session: Session, code: AuthorizationCodeRecord) throws {
        try begin(session)
        try transaction.codes.insert(code)
    }

    /// Stores a session as approved.
    package func begin(_ session: Session) throws {
        try execute(
            """
            INSERT INTO sessions (
                id, user_id, client_id, client_name, client_host, resource_id, scope, redirect_uri, binding, state,
                created_at, expires_at, idle_seconds, last_used_at, used_hour, auth_time, acr, document_digest,
                refresh_key, replaces, auth_method)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 'approved', ?10, ?11, ?12, ?13, ?13 / 3600, ?14, ?15, ?16, ?17,
                ?18, ?19)
            """, session.id.string, session.userID?.string, session.clientID.string, session.clientName,
            session.clientHost, session.resourceID.string, session.scope.string, session.redirectURI,
            session.binding?.stored, session.createdAt.seconds, session.expiresAt.seconds, session.idleSeconds,
            session.lastUsedAt.seconds, session.authTime.seconds, session.acr?.rawValue, session.documentDigest?.stored,
            session.refreshKeyID,
            session.replaces.isEmpty ? nil : session.replaces.map(\.string).joined(separator: " "),
            session.authMethod?.rawValue)
        try transaction.dynamicClients.use(session.clientID, at: session.createdAt)
    }

    /// Makes an approved session active, with its first refresh generation; false if it is not approved. `method` is how its client
    /// authenticated, and how it has to from now on; `proof` is the proof of possession that each refresh needs.
    package func activate(
        _ id: SessionID, by method: ClientAuthenticationMethod = .none, demanding proof: ProofDemand = .nothing,
        now: Timestamp
    ) throws -> Bool {
        try execute(
            """
            UPDATE sessions SET state = 'active', generation = 1, last_used_at = max(last_used_at, ?2), auth_method = ?3,
                proof = ?4
            WHERE id = ?1 AND state = 'approved'
            """, id.string, now.seconds, method.rawValue, proof.stored) == 1
    }

    /// Ends a session with everything that depends on it; false if it had ended or expired.
    package func end(_ id: SessionID, _ ending: SessionEnding) throws -> Bool {
        guard let session = try find(id) else { return false }
        return try end(session, ending) != nil
    }

    /// The session of this id in any state.
    package func find(_ id: SessionID) throws -> Session? {
        try first("SELECT \(Session.columns) FROM sessions WHERE id = ?1", id.string) { try Session($0) }
    }

    /// Whether the user ever approved this client, at any MCP server.
    package func hasApproved(user: UserID, client: ClientID) throws -> Bool {
        try first(
            "SELECT 1 FROM sessions INDEXED BY sessions_by_user_state WHERE user_id = ?1 AND client_id = ?2 LIMIT 1",
            user.string, client.string
        ) { _ in true } ?? false
    }

    /// Stores when sessions were last used. A time never moves back, and an expired session stays expired.
    package func touch(sessions: [(SessionID, Timestamp)]) throws {
        for (id, time) in sessions {
            try execute(Self.touch, id.string, time.seconds)
        }
    }

    private static let touch = """
        UPDATE sessions SET last_used_at = ?2 WHERE id = ?1 AND state = 'active' AND last_used_at < ?2
            AND \(SessionLife.hasTime(at: "?2"))
        """

    /// Ends a session that was read in this transaction, and returns it as it is afterwards; nil if it had ended. A session
    /// that had expired unnoticed is stored as expired.
    func end(_ session: Session, _ ending: SessionEnding) throws -> Session? {
        guard session.unusedExpiry > ending.at else {
            try close(session.id, .expiry(at: session.unusedExpiry))
            return nil
        }
        return try close(session.id, ending)
    }

    /// Moves a session into a final state with its record and its event; no other code does. It deletes its code, cancels its
    /// elicitations and jobs and erases what they collected: nothing of it can be redeemed, refreshed or collected.
    @discardableResult
    func close(_ id: SessionID, _ ending: SessionEnding) throws -> Session? {
        let state: Session.State = ending.reason.isExpiry ? .expired : .ended
        let closed = try first(
            """
            UPDATE sessions SET state = ?2, end_reason = ?3, ended_by = ?4, ended_at = ?5
            WHERE id = ?1 AND \(SessionLife.hasStateThatLives()) RETURNING \(Session.columns)
            """, id.string, state.rawValue, ending.reason.rawValue, ending.initiator.rawValue, ending.at.seconds
        ) { try Session($0) }
        guard let closed else { return nil }
        try transaction.audit.tallies.close(of: id)
        try transaction.audit.append(ending.record(of: closed))
        let context = try endContext(of: closed, at: ending.at)
        if state == .ended, context.receivesEvents {
            try transaction.events.enqueue(
                .sessionRevoked(id, of: context.subject, by: ending.initiator, reason: ending.reason, at: ending.at),
                resource: closed.resourceID)
        }
        try execute("DELETE FROM codes WHERE session_id = ?1", id.string)
        try execute(
            "UPDATE interactions SET expires_at = ?2 WHERE session_id = ?1 AND expires_at > ?2", id.string,
            ending.at.seconds)
        try transaction.elicitations.cancel(of: id, now: ending.at)
        try transaction.elicitations.eraseResults(of: id)
        try transaction.jobs.end(of: id, now: ending.at)
        if context.revokesConnections { try transaction.connections.revoke(afterEndOf: closed, ending) }
        return closed
    }
}
