import OAuth

/// What the end of a session depends on besides the session itself.
struct SessionEndContext {
    /// Whether the MCP server receives events.
    let receivesEvents: Bool
    /// Whether the policy of the MCP server revokes a user's connections with the user's last session.
    let revokesConnections: Bool
    /// The `sub` of the session's tokens.
    let subject: TokenSubject
}

extension Sessions {
    /// How long after its last poll an MCP server still gets new events: as long as an event waits to be fetched.
    private static let pollingSeconds: Int64 = 4 * 86_400

    /// Reads what the end of a session depends on.
    ///
    /// An endpoint that has not proven that it wants events, and an MCP server that never polls, get none: they would only
    /// collect dead letters. They introspect tokens, or learn of the end when the access token expires.
    func endContext(of session: Session, at now: Timestamp) throws -> SessionEndContext {
        let context = try first(
            """
            SELECT r.removed_at IS NULL AND r.disabled_at IS NULL
                    AND iif(r.events_endpoint IS NULL, coalesce(r.polled_at > ?3, 0), EXISTS (
                        SELECT 1 FROM event_streams e
                        WHERE e.resource_id = r.id AND e.endpoint = r.events_endpoint AND e.state = 'active')),
                coalesce((SELECT p.ends_connections FROM resource_policies p WHERE p.resource_id = r.id), 0), u.subject
            FROM resources r LEFT JOIN users u ON u.id = ?2 WHERE r.id = ?1
            """, session.resourceID.string, session.userID?.string, (now - Self.pollingSeconds).seconds
        ) {
            SessionEndContext(
                receivesEvents: try $0.flag(0), revokesConnections: try $0.flag(1),
                subject: try $0.idIfAny(2).map { .user($0) } ?? .client(session.clientID))
        }
        guard let context else { throw StoreError.constraint("a session has an MCP server") }
        return context
    }
}

extension Connections {
    /// Revokes what the user connected for the MCP server of an ended session, unless the user has another live session
    /// there.
    func revoke(afterEndOf session: Session, _ ending: SessionEnding) throws {
        guard let user = session.userID else { return }
        let other = try first(
            """
            SELECT 1 FROM sessions INDEXED BY live_sessions_by_user
            WHERE user_id = ?1 AND resource_id = ?2 AND \(SessionLife.lives(at: "?3")) LIMIT 1
            """, user.string, session.resourceID.string, ending.at.seconds
        ) { _ in true }
        guard other == nil else { return }
        let filter = ConnectionFilter(user: user, resource: session.resourceID)
        for connection in try end(filter, reason: .sessionsEnded, now: ending.at) {
            try transaction.audit.append(ending.record(of: connection))
        }
    }
}
