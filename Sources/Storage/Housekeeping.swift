package import OAuth

/// How long finished rows are kept, in seconds. The audit trail keeps its records longer.
package struct Retention: Hashable, Sendable {
    /// How long ended sessions and jobs can be looked up.
    package var sessions: Int64 = 90 * 86_400
    /// How long elicitations can be looked up, from their creation.
    package var elicitations: Int64 = 30 * 86_400

    /// The defaults of the configuration.
    package init() {}
}

extension Transaction {
    private static let day: Int64 = 86_400

    /// One small step of housekeeping, at most `limit` rows of each kind; returns the number of rows. The caller repeats it
    /// while the number is `limit` or more.
    ///
    /// Every reader decides by the times in a row whether something has expired, so a late step changes no decision. It
    /// deletes no audit record.
    package func housekeep(
        now: Timestamp, limit: Int, keeping retention: Retention = Retention()
    ) throws -> Int {
        try clock.advance(to: now.seconds)
        return try expireSessions(now: now, limit: limit) + expireUnredeemed(now: now, limit: limit)
            + expireIdle(now: now, limit: limit)
            + elicitations.tidy(now: now, limit: limit, kept: retention.elicitations)
            + events.tidy(now: now, limit: limit) + connectionAttempts.tidy(now: now, limit: limit)
            + signInAttempts.tidy(now: now, limit: limit)
            + upstreamRefreshTokens.tidy(now: now, limit: limit) + upstreamSessions.tidy(now: now, limit: limit)
            + invitations.tidy(now: now, limit: limit) + jobs.tidy(now: now, limit: limit, kept: retention.sessions)
            + devices.tidy(now: now, limit: limit) + replays.tidy(now: now, limit: limit)
            + audit.tallies.close(now: now, limit: limit)
            + deleteFinal(now: now, limit: limit, kept: retention.sessions)
            + dynamicClients.tidy(now: now, limit: limit)
            + accountLinks.tidy(now: now, limit: limit) + deleteOld(now: now, limit: limit)
    }

    /// Deletes sessions that ended long ago. Nothing that refers to them is valid any more: no code, no access token and no
    /// page lives that long, and a refresh token of a missing session is refused like a forged one.
    private func deleteFinal(now: Timestamp, limit: Int, kept: Int64) throws -> Int {
        let clients = try all(
            "DELETE FROM sessions WHERE id IN (\(Self.endedLongAgo)) RETURNING client_id",
            (now - kept).seconds, limit
        ) { try $0.client(0) }
        for client in Set(clients) { try dynamicClients.release(client) }
        return clients.count
    }

    // Ordered by the end, so that a step of any size begins with the oldest.
    static let endedLongAgo = """
        SELECT id FROM sessions INDEXED BY sessions_by_final_end
        WHERE state IN ('ended', 'expired') AND ended_at <= ?1 ORDER BY ended_at LIMIT ?2
        """

    private func expireSessions(now: Timestamp, limit: Int) throws -> Int {
        let due = try all(Self.expiredByEnd, now.seconds, limit) { (try $0.id(0, SessionID.self), try $0.time(1)) }
        for (id, end) in due { try sessions.close(id, .expiry(at: end)) }
        return due.count
    }

    // Along the partial index of live sessions, so that ended ones cost nothing.
    static let expiredByEnd = """
        SELECT id, expires_at FROM sessions INDEXED BY sessions_by_end
        WHERE \(SessionLife.hasStateThatLives()) AND expires_at <= ?1 ORDER BY expires_at LIMIT ?2
        """

    /// Expires approved sessions whose codes expired unredeemed.
    private func expireUnredeemed(now: Timestamp, limit: Int) throws -> Int {
        let due = try all(
            """
            SELECT session_id, expires_at FROM codes WHERE (spent_at IS NULL OR failures = 3) AND expires_at <= ?1
            ORDER BY expires_at LIMIT ?2
            """, now.seconds, limit
        ) { (try $0.id(0, SessionID.self), try $0.time(1)) }
        for (id, end) in due { try sessions.close(id, .expiry(.neverRedeemed, at: end)) }
        return due.count
    }

    private func expireIdle(now: Timestamp, limit: Int) throws -> Int {
        let due = try all(Self.expiredByIdleTimeout, now.seconds, limit) {
            (try $0.id(0, SessionID.self), try $0.time(1))
        }
        for (id, end) in due { try sessions.close(id, .expiry(at: end)) }
        return due.count
    }

    // The index has the hour of the last use and the row its second, so the time is compared twice.
    static let expiredByIdleTimeout = """
        WITH RECURSIVE \(Session.idleLimits)
        SELECT s.id, \(SessionLife.idleEnd("s"))
        FROM limits CROSS JOIN sessions s INDEXED BY live_sessions_by_use
        WHERE s.ended_at IS NULL AND s.idle_seconds = limits.seconds AND s.used_hour <= (?1 - limits.seconds) / 3600
            AND \(SessionLife.idleEnd("s")) <= ?1
        LIMIT ?2
        """

    private func deleteOld(now: Timestamp, limit: Int) throws -> Int {
        var deleted = 0
        // A decided interaction stays for a day, so that a second click reads "already finished" and not "unknown".
        deleted += try delete("interactions", "id", where: "expires_at", before: now - Self.day, limit)
        deleted += try delete("pushed_requests", "digest", where: "expires_at", before: now, limit)
        deleted += try execute(
            """
            DELETE FROM sign_in_demands WHERE (user_id, client_id, resource_id) IN (
                SELECT user_id, client_id, resource_id FROM sign_in_demands WHERE expires_at <= ?1
                ORDER BY expires_at LIMIT ?2)
            """, now.seconds, limit)
        deleted += try delete("browser_logins", "id", where: "expires_at", before: now, limit)
        deleted += try delete("documents", "client_id", where: "last_good_at", before: now - 30 * Self.day, limit)
        deleted += try execute(
            """
            DELETE FROM known_browsers WHERE (user_id, binding) IN (
                SELECT user_id, binding FROM known_browsers WHERE last_seen_at <= ?1 ORDER BY last_seen_at LIMIT ?2)
            """, (now - 90 * Self.day).seconds, limit)
        return deleted
    }

    private func delete(
        _ table: StaticString, _ key: StaticString, where column: StaticString, before time: Timestamp, _ limit: Int
    ) throws -> Int {
        try execute(
            """
            DELETE FROM \(table) WHERE \(key) IN (
                SELECT \(key) FROM \(table) WHERE \(column) <= ?1 ORDER BY \(column) LIMIT ?2)
            """, time.seconds, limit)
    }
}

extension Transaction {
    /// The ids of the keys that authenticate refresh tokens of live sessions. A server must not start without one of them.
    package func refreshKeysInUse() throws -> [String] {
        // A session without refresh tokens names no key.
        // Jumps along the index from one key to the next: a million sessions cost as much as ten.
        try all(
            """
            WITH RECURSIVE used (key) AS (
                SELECT (SELECT min(refresh_key) FROM sessions INDEXED BY sessions_by_key
                    WHERE \(SessionLife.hasStateThatLives()) AND refresh_key > '')
                UNION ALL
                SELECT (SELECT min(refresh_key) FROM sessions INDEXED BY sessions_by_key
                    WHERE \(SessionLife.hasStateThatLives()) AND refresh_key > used.key)
                FROM used WHERE used.key IS NOT NULL)
            SELECT key FROM used WHERE key IS NOT NULL
            """
        ) { try $0.text(0) }
    }
}
