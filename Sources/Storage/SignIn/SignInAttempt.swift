package import JOSE
package import OAuth

/// A request of Gatehouse to an identity provider to sign a user in: what the callback must match.
package struct SignInAttempt: Hashable, Sendable {
    /// Seconds until the callback must arrive.
    package static let lifetime: Int64 = 600
    /// The open attempts of one browser; older ones are deleted.
    package static let mostOpen = 5
    /// The attempts of all browsers together. Strangers can begin them, so that they must not fill the disk.
    package static let most = 20_000

    /// The digest of `state`, which only the browser holds.
    package let state: Digest
    package let provider: ProviderName
    /// The digest of the cookie of the browser that began the attempt.
    package let binding: Digest
    /// The login whose user links an account; nil for a sign-in.
    package let browserLoginID: BrowserLoginID?
    /// What only this server knows of the attempt: PKCE code verifier, nonce and the page that waits. Sealed.
    package let proof: [UInt8]
    package let createdAt: Timestamp
    package let expiresAt: Timestamp
    /// When a callback used it; nil before.
    package let spentAt: Timestamp?

    /// A new attempt.
    package init(
        state: Digest, provider: ProviderName, binding: Digest, browserLoginID: BrowserLoginID?, proof: [UInt8],
        createdAt: Timestamp
    ) {
        self.state = state
        self.provider = provider
        self.binding = binding
        self.browserLoginID = browserLoginID
        self.proof = proof
        self.createdAt = createdAt
        expiresAt = createdAt + Self.lifetime
        spentAt = nil
    }
}

/// Sign-ins at identity providers that are under way.
package struct SignInAttempts: Noun {
    let transaction: Transaction
}

extension SignInAttempts {
    private static let columns = """
        state_digest, provider, binding, browser_login_id, proof, created_at, expires_at, spent_at
        """

    /// Stores a new attempt, and deletes the older ones of its browser beyond `mostOpen`. False if the table is full.
    package func insert(_ attempt: SignInAttempt, atMost limit: Int = SignInAttempt.most) throws -> Bool {
        try execute(
            """
            DELETE FROM sign_in_attempts WHERE spent_at IS NULL AND binding = ?1 AND state_digest NOT IN (
                SELECT state_digest FROM sign_in_attempts WHERE spent_at IS NULL AND binding = ?1
                ORDER BY created_at DESC, rowid DESC LIMIT ?2)
            """, attempt.binding.stored, SignInAttempt.mostOpen - 1)
        return try execute(
            """
            INSERT INTO sign_in_attempts (\(Self.columns))
            SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, NULL WHERE (SELECT count FROM sign_in_attempt_count) < ?8
            """, attempt.state.stored, attempt.provider.string, attempt.binding.stored,
            attempt.browserLoginID?.string, attempt.proof.stored, attempt.createdAt.seconds,
            attempt.expiresAt.seconds, limit) == 1
    }

    /// The attempt of a `state`, whether spent, expired or open.
    package func find(_ state: Digest) throws -> SignInAttempt? {
        try first("SELECT \(Self.columns) FROM sign_in_attempts WHERE state_digest = ?1", state.stored) {
            try SignInAttempt($0)
        }
    }

    /// Spends an attempt; false if it is spent or expired. Of several simultaneous callbacks one succeeds.
    package func spend(_ state: Digest, now: Timestamp) throws -> Bool {
        try execute(
            """
            UPDATE sign_in_attempts SET spent_at = ?2
            WHERE state_digest = ?1 AND spent_at IS NULL AND expires_at > ?2 AND created_at <= ?2
            """, state.stored, now.seconds) == 1
    }

    /// The number of attempts in the table.
    package func count() throws -> Int {
        try first("SELECT count FROM sign_in_attempt_count") { Int(try $0.integer(0)) } ?? 0
    }

    /// Deletes attempts that expired more than ten minutes ago.
    func tidy(now: Timestamp, limit: Int) throws -> Int {
        // The ten minutes let a late callback show that the attempt expired, instead of an unknown one.
        try execute(
            """
            DELETE FROM sign_in_attempts WHERE state_digest IN (
                SELECT state_digest FROM sign_in_attempts WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)
            """, (now - SignInAttempt.lifetime).seconds, limit)
    }
}

extension SignInAttempt {
    fileprivate init(_ row: StoredRow) throws {
        state = try row.digest(0)
        provider = try ProviderName(row.text(1))
        binding = try row.digest(2)
        browserLoginID = try row.idIfAny(3)
        proof = try row.bytes(4)
        createdAt = try row.time(5)
        expiresAt = try row.time(6)
        spentAt = try row.timeIfAny(7)
    }
}
