package import JOSE
package import OAuth

/// An authorization request of Gatehouse at a provider, made after the user agreed: what the callback must match.
package struct ConnectionAttempt: Hashable, Sendable {
    /// Seconds until the callback must arrive.
    package static let lifetime: Int64 = 600
    /// The number of open attempts of one elicitation; older ones are deleted.
    package static let mostOpen = 5

    /// The digest of `state`, which only the browser holds.
    package let state: Digest
    package let elicitationID: ElicitationID
    package let userID: UserID
    /// The login in which the user agreed.
    package let browserLoginID: BrowserLoginID
    /// The digest of the cookie of the browser in which the user agreed.
    package let binding: Digest
    package let provider: ProviderName
    /// The scopes that are requested from the provider.
    package let asked: ScopeSet
    /// The PKCE code verifier, sealed.
    package let proof: [UInt8]
    package let createdAt: Timestamp
    package let expiresAt: Timestamp
    /// When a callback used it; nil before.
    package let spentAt: Timestamp?

    /// A new attempt.
    package init(
        state: Digest, elicitationID: ElicitationID, userID: UserID, browserLoginID: BrowserLoginID,
        binding: Digest, provider: ProviderName, asked: ScopeSet, proof: [UInt8], createdAt: Timestamp
    ) {
        self.state = state
        self.elicitationID = elicitationID
        self.userID = userID
        self.browserLoginID = browserLoginID
        self.binding = binding
        self.provider = provider
        self.asked = asked
        self.proof = proof
        self.createdAt = createdAt
        expiresAt = createdAt + Self.lifetime
        spentAt = nil
    }
}

/// Authorization requests of Gatehouse at providers.
package struct ConnectionAttempts: Noun {
    let transaction: Transaction
}

extension ConnectionAttempts {
    private static let columns = """
        state_digest, elicitation_id, user_id, browser_login_id, binding, provider, asked, proof, created_at,
        expires_at, spent_at
        """

    /// Stores a new attempt, and deletes the older ones of its elicitation beyond `mostOpen`.
    package func insert(_ attempt: ConnectionAttempt) throws {
        try execute(
            """
            DELETE FROM connection_attempts WHERE spent_at IS NULL AND elicitation_id = ?1 AND state_digest NOT IN (
                SELECT state_digest FROM connection_attempts WHERE spent_at IS NULL AND elicitation_id = ?1
                ORDER BY created_at DESC, rowid DESC LIMIT ?2)
            """, attempt.elicitationID.string, ConnectionAttempt.mostOpen - 1)
        try execute(
            """
            INSERT INTO connection_attempts (\(Self.columns))
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, NULL)
            """, attempt.state.stored, attempt.elicitationID.string, attempt.userID.string,
            attempt.browserLoginID.string, attempt.binding.stored, attempt.provider.string, attempt.asked.string,
            attempt.proof.stored, attempt.createdAt.seconds, attempt.expiresAt.seconds)
    }

    /// The attempt of a `state`, whether spent, expired or open.
    package func find(_ state: Digest) throws -> ConnectionAttempt? {
        try first("SELECT \(Self.columns) FROM connection_attempts WHERE state_digest = ?1", state.stored) {
            try ConnectionAttempt($0)
        }
    }

    /// Spends an attempt; false if it is spent or expired. Of several simultaneous callbacks one succeeds.
    package func spend(attempt state: Digest, now: Timestamp) throws -> Bool {
        try execute(
            """
            UPDATE connection_attempts SET spent_at = ?2
            WHERE state_digest = ?1 AND spent_at IS NULL AND expires_at > ?2
            """, state.stored, now.seconds) == 1
    }

    /// Deletes attempts that expired more than an hour ago.
    func tidy(now: Timestamp, limit: Int) throws -> Int {
        // The hour lets a late callback show that the attempt expired, instead of an unknown one.
        try execute(
            """
            DELETE FROM connection_attempts WHERE state_digest IN (
                SELECT state_digest FROM connection_attempts WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)
            """, (now - 3600).seconds, limit)
    }
}

extension ConnectionAttempt {
    fileprivate init(_ row: StoredRow) throws {
        state = try row.digest(0)
        elicitationID = try row.id(1)
        userID = try row.id(2)
        browserLoginID = try row.id(3)
        binding = try row.digest(4)
        provider = try ProviderName(row.text(5))
        asked = try row.scope(6)
        proof = try row.bytes(7)
        createdAt = try row.time(8)
        expiresAt = try row.time(9)
        spentAt = try row.timeIfAny(10)
    }
}
