import JOSE
import OAuth

/// What the end of a session has to know of the ground that the session stands on.
struct SessionEndContext {
    /// Whether the MCP server gets events at all.
    let takesEvents: Bool
    /// Whether its connections go with a person's last session.
    let connectionsEnd: Bool
    /// The person's; nil for the session of a client that acts for itself.
    let subject: Subject?
}

extension Sessions {
    /// How long after an MCP server last fetched its events more are kept for it: as long as one waits to be fetched.
    private static let pollKept: Int64 = 4 * 86_400

    /// Nobody is told who could not hear it: an endpoint that has not shown that it wants events, or an MCP server that
    /// never fetches any, would only collect dead letters. Those ask about tokens, or learn of the end from the token's.
    func ground(of session: Session, at now: Timestamp) throws -> SessionEndContext {
        let ground = try first(
            """
            SELECT r.removed_at IS NULL AND r.disabled_at IS NULL
                    AND iif(r.events_endpoint IS NULL, coalesce(r.polled_at > ?3, 0), EXISTS (
                        SELECT 1 FROM event_streams e
                        WHERE e.resource_id = r.id AND e.endpoint = r.events_endpoint AND e.state = 'active')),
                coalesce((SELECT p.ends_connections FROM resource_policies p WHERE p.resource_id = r.id), 0), u.subject
            FROM resources r LEFT JOIN users u ON u.id = ?2 WHERE r.id = ?1
            """, session.resourceID.string, session.userID?.string, (now - Self.pollKept).seconds
        ) { SessionEndContext(takesEvents: try $0.flag(0), connectionsEnd: try $0.flag(1), subject: try $0.idIfAny(2)) }
        guard let ground else { throw StoreError.constraint("a session has an MCP server") }
        return ground
    }

    /// Ends what the person connected for the MCP server, unless another session of theirs there lives on.
    func endConnections(after session: Session, _ ending: SessionEnding) throws {
        guard let user = session.userID else { return }
        let another = try first(
            """
            SELECT 1 FROM sessions INDEXED BY live_sessions_by_user
            WHERE user_id = ?1 AND resource_id = ?2 AND \(SessionLife.lives(at: "?3")) LIMIT 1
            """, user.string, session.resourceID.string, ending.at.seconds
        ) { _ in true }
        guard another == nil else { return }
        let filter = ConnectionFilter(user: user, resource: session.resourceID)
        for connection in try transaction.connections.end(filter, reason: .sessionsEnded, now: ending.at) {
            try transaction.audit.append(ending.record(of: connection))
        }
    }
}

extension SecurityEvent {
    /// Tells an MCP server that a session of its is over.
    ///
    /// Spec: CAEP §3.1
    static func sessionRevoked(_ session: Session, _ ending: SessionEnding, subject: Subject) -> SecurityEvent {
        SecurityEvent(
            type: .sessionRevoked, issuedAt: ending.at, about: .session(session.id, of: subject),
            transaction: session.id.string,
            payload: [
                "event_timestamp": .integer(ending.at.seconds), "initiating_entity": .string(ending.initiator.rawValue),
                "reason_admin": ["en": .string(ending.reason.sentence)],
                "reason_user": ["en": "Access was ended. Approve the app again to go on."],
            ])
    }
}
