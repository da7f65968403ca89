package import JOSE
package import OAuth

/// An authorization request that waits for the user's decision.
package struct Interaction: Hashable, Sendable {
    /// The state of the decision.
    package enum State: String, Hashable, Sendable {
        case pending, approved, denied
    }

    /// A decision of the user.
    package enum Outcome: Hashable, Sendable {
        case approved(SessionID)
        case denied
    }

    /// The number of requests of one user that wait at one time.
    package static let mostOpen = 50

    package let id: InteractionID
    package let userID: UserID
    /// The login that began it; the interaction is deleted with the login.
    package let browserLoginID: BrowserLoginID
    /// The request, encoded by its endpoint.
    package let request: String
    package let createdAt: Timestamp
    package let expiresAt: Timestamp
    package let state: State
    /// The session that the approval began; nil without one.
    package let sessionID: SessionID?

    /// An interaction in its stored form.
    package init(
        id: InteractionID = .random(), userID: UserID, browserLoginID: BrowserLoginID, request: String,
        createdAt: Timestamp, expiresAt: Timestamp, state: State = .pending, sessionID: SessionID? = nil
    ) {
        self.id = id
        self.userID = userID
        self.browserLoginID = browserLoginID
        self.request = request
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.state = state
        self.sessionID = sessionID
    }
}

/// Authorization requests that wait for the user's decision.
package struct Interactions: Noun {
    let transaction: Transaction
}

extension Interactions {
    /// Stores a waiting request. Beyond `mostOpen` the oldest of the user is deleted, so that a page that opens request after
    /// request cannot keep the user from opening another.
    package func open(_ interaction: Interaction) throws {
        try execute(
            """
            DELETE FROM interactions WHERE id IN (
                SELECT id FROM interactions WHERE user_id = ?1 AND state = 'pending'
                ORDER BY created_at DESC, rowid DESC LIMIT -1 OFFSET ?2)
            """, interaction.userID.string, Interaction.mostOpen - 1)
        try execute(
            """
            INSERT INTO interactions (id, browser_login_id, user_id, request, state, created_at, expires_at)
            VALUES (?1, ?2, ?3, ?4, 'pending', ?5, ?6)
            """, interaction.id.string, interaction.browserLoginID.string, interaction.userID.string,
            interaction.request, interaction.createdAt.seconds, interaction.expiresAt.seconds)
    }

    /// The interaction of this id in any state.
    package func find(_ id: InteractionID) throws -> Interaction? {
        try first(
            """
            SELECT id, user_id, browser_login_id, request, created_at, expires_at, state, session_id
            FROM interactions WHERE id = ?1
            """, id.string
        ) { row in
            try Interaction(
                id: row.id(0), userID: row.id(1), browserLoginID: row.id(2), request: row.text(3),
                createdAt: row.time(4), expiresAt: row.time(5),
                state: row.parsed(Interaction.State(rawValue: row.text(6))), sessionID: row.idIfAny(7))
        }
    }

    /// The waiting interaction of this id, if it began in the browser with this cookie; the login there may have changed.
    package func find(
        _ id: InteractionID, waitingIn binding: Digest, now: Timestamp
    ) throws -> Interaction? {
        let isHere = try first(
            """
            SELECT 1 FROM interactions i JOIN browser_logins b ON b.id = i.browser_login_id
            WHERE i.id = ?1 AND b.binding = ?2 AND i.state = 'pending' AND i.expires_at > ?3
            """, id.string, binding.stored, now.seconds
        ) { _ in true }
        return isHere == nil ? nil : try find(id)
    }

    /// Deletes a waiting interaction, in whose place another account answers the request.
    package func withdraw(_ id: InteractionID) throws {
        try execute("DELETE FROM interactions WHERE id = ?1 AND state = 'pending'", id.string)
    }

    /// Lets a waiting interaction follow its user to another login in the same browser: whoever submits a sign-in page twice at the
    /// same moment has two. False for another user, another browser, or an interaction that no longer waits.
    package func follow(_ id: InteractionID, to login: BrowserLogin, now: Timestamp) throws -> Bool {
        try execute(
            """
            UPDATE interactions SET browser_login_id = ?2
            WHERE id = ?1 AND user_id = ?3 AND state = 'pending' AND expires_at > ?4 AND EXISTS (
                SELECT 1 FROM browser_logins WHERE id = interactions.browser_login_id AND binding = ?5)
            """, id.string, login.id.string, login.userID.string, now.seconds, login.binding.stored) == 1
    }

    /// Replaces the encoded request of a waiting interaction and extends its time to `end`; false if it no longer waits.
    package func amend(_ id: InteractionID, request: String, until end: Timestamp, now: Timestamp) throws -> Bool {
        try execute(
            """
            UPDATE interactions SET request = ?2, expires_at = max(expires_at, ?3)
            WHERE id = ?1 AND state = 'pending' AND expires_at > ?4
            """, id.string, request, end.seconds, now.seconds) == 1
    }

    /// Stores the decision; false if there is one or the interaction has expired.
    package func finish(_ id: InteractionID, as outcome: Interaction.Outcome, now: Timestamp) throws -> Bool {
        let (state, session): (Interaction.State, SessionID?) =
            switch outcome {
            case .approved(let session): (.approved, session)
            case .denied: (.denied, nil)
            }
        return try execute(
            """
            UPDATE interactions SET state = ?2, session_id = ?3
            WHERE id = ?1 AND state = 'pending' AND expires_at > ?4
            """, id.string, state.rawValue, session?.string, now.seconds) == 1
    }
}
