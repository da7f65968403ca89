package import OAuth

/// What an MCP server requires of the next approval of one user, client and MCP server: a sign-in that is not older than so many
/// seconds, or that is newer than the demand.
package struct SignInDemand: Hashable, Sendable {
    /// The session whose MCP server asked; the demand is void without it.
    package let sessionID: SessionID
    /// The greatest age of the sign-in at the approval, in seconds.
    package let maxAge: Int64
    /// When the MCP server asked; a repetition does not change it.
    package let madeAt: Timestamp
    /// When the demand is void if no approval came.
    package let expiresAt: Timestamp

    /// Whether a sign-in meets the demand. One that came after the demand meets it however long the user then reads the page.
    package func isMet(by authentication: Authentication, at now: Timestamp) -> Bool {
        authentication.time > madeAt || now.isWithin(maxAge, of: authentication.time)
    }

    /// Whether a demand of the same session asks no more than this one.
    fileprivate func isRepeated(by session: SessionID, _ age: Int64, at now: Timestamp) -> Bool {
        sessionID == session && age >= maxAge && now - madeAt < SignInDemands.lifetime
    }
}

/// The demands that wait for an approval, at most one for each user, client and MCP server.
package struct SignInDemands: Noun {
    let transaction: Transaction
}

extension SignInDemands {
    /// For so many seconds a demand waits.
    package static let lifetime: Int64 = 900

    /// Stores the demand of a session's MCP server; of two that wait at once the stricter age counts. One that asks no more than the
    /// session's waiting one renews its time alone, so that a request that is repeated does not undo the sign-in that it led to; but
    /// no sign-in counts for longer than the time for which a demand waits. Nil for a session without a user.
    package func require(_ maxAge: Int64, by session: SessionGrant, now: Timestamp) throws -> SignInDemand? {
        guard let user = session.user?.id else { return nil }
        let waiting = try find(user: user, client: session.clientID, resource: session.resourceID, now: now)
        let demand = SignInDemand(
            sessionID: session.id, maxAge: min(maxAge, waiting?.maxAge ?? maxAge),
            madeAt: waiting.flatMap { $0.isRepeated(by: session.id, maxAge, at: now) ? $0.madeAt : nil } ?? now,
            expiresAt: now + Self.lifetime)
        try execute(
            """
            INSERT INTO sign_in_demands (user_id, client_id, resource_id, session_id, max_age, made_at, expires_at)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
            ON CONFLICT (user_id, client_id, resource_id) DO UPDATE SET session_id = excluded.session_id,
                max_age = excluded.max_age, made_at = excluded.made_at, expires_at = excluded.expires_at
            """, user.string, session.clientID.string, session.resourceID.string, session.id.string, demand.maxAge,
            demand.madeAt.seconds, demand.expiresAt.seconds)
        return demand
    }

    /// The demand that the next approval of this user, client and MCP server has to meet; nil without one.
    package func find(
        user: UserID, client: ClientID, resource: ResourceID, now: Timestamp
    ) throws -> SignInDemand? {
        let found = try first(
            """
            SELECT session_id, max_age, made_at, expires_at FROM sign_in_demands
            WHERE user_id = ?1 AND client_id = ?2 AND resource_id = ?3 AND expires_at > ?4
            """, user.string, client.string, resource.string, now.seconds
        ) { try SignInDemand($0) }
        return try found.flatMap { try isInForce($0, at: now) ? $0 : nil }
    }

    /// The demand that a session's MCP server made; nil without one.
    package func find(of session: SessionID, now: Timestamp) throws -> SignInDemand? {
        let found = try first(
            """
            SELECT session_id, max_age, made_at, expires_at FROM sign_in_demands
            WHERE session_id = ?1 AND expires_at > ?2
            """, session.string, now.seconds
        ) { try SignInDemand($0) }
        return try found.flatMap { try isInForce($0, at: now) ? $0 : nil }
    }

    /// Uses up the demand of an approval that met it.
    package func spend(user: UserID, client: ClientID, resource: ResourceID) throws {
        try execute(
            "DELETE FROM sign_in_demands WHERE user_id = ?1 AND client_id = ?2 AND resource_id = ?3", user.string,
            client.string, resource.string)
    }

    private func isInForce(_ demand: SignInDemand, at now: Timestamp) throws -> Bool {
        switch try transaction.sessions.grant(demand.sessionID)?.state(at: now) {
        case .approved, .active: true
        case .ended, .expired, nil: false
        }
    }
}

extension SignInDemand {
    fileprivate init(_ row: StoredRow) throws {
        self.init(
            sessionID: try row.id(0), maxAge: try row.integer(1), madeAt: try row.time(2), expiresAt: try row.time(3))
    }
}
