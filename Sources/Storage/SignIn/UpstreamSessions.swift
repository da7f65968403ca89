package import OAuth

/// The sessions at identity providers whose logout revokes sessions here. They outlive the browser login, so that a logout token
/// that names a session alone still finds its user.
package struct UpstreamSessions: Noun {
    let transaction: Transaction
}

extension UpstreamSessions {
    /// The seconds after the last sign-in for which a session is kept: as long as the longest session here lasts by default.
    package static let kept: Int64 = 30 * 86_400

    /// Records a sign-in from a session at a provider.
    package func remember(_ session: String, at issuer: OpenIDIssuer, of user: UserID, now: Timestamp) throws {
        try execute(
            """
            INSERT INTO upstream_sessions (issuer, session_id, user_id, seen_at) VALUES (?1, ?2, ?3, ?4)
            ON CONFLICT (issuer, session_id, user_id) DO UPDATE SET seen_at = max(seen_at, excluded.seen_at)
            """, issuer.string, session, user.string, now.seconds)
    }

    /// The users who signed in from a session at a provider.
    package func users(of session: String, at issuer: OpenIDIssuer) throws -> [UserID] {
        try all(
            "SELECT user_id FROM upstream_sessions WHERE issuer = ?1 AND session_id = ?2", issuer.string, session
        ) { try $0.id(0) }
    }

    /// Forgets the sessions of a user at a provider, unless the user has another account there: a session does not tell its account.
    func forget(_ user: UserID, at issuer: OpenIDIssuer) throws {
        try execute(
            """
            DELETE FROM upstream_sessions WHERE user_id = ?1 AND issuer = ?2 AND NOT EXISTS (
                SELECT 1 FROM upstream_identities WHERE user_id = ?1 AND issuer = ?2)
            """, user.string, issuer.string)
    }

    /// Deletes at most `limit` sessions whose last sign-in was long ago; returns their number.
    func tidy(now: Timestamp, limit: Int) throws -> Int {
        try execute(
            """
            DELETE FROM upstream_sessions WHERE (issuer, session_id, user_id) IN (
                SELECT issuer, session_id, user_id FROM upstream_sessions WHERE seen_at <= ?1 ORDER BY seen_at LIMIT ?2)
            """, (now - Self.kept).seconds, limit)
    }
}
