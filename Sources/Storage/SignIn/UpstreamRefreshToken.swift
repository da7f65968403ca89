package import JOSE
package import OAuth

/// The refresh token of an account at an identity provider, with which the provider is asked for the user's groups again.
package struct UpstreamRefreshToken: Hashable, Sendable {
    /// Seconds between two requests about one account.
    package static let interval: Int64 = 3_600
    /// Seconds after the last request for which the token of a user without live sessions is kept.
    static let unusedSeconds: Int64 = 86_400

    package let issuer: OpenIDIssuer
    package let subject: String
    package let provider: ProviderName
    /// The token, sealed.
    package let token: [UInt8]
    /// The sign-in that brought it.
    package let createdAt: Timestamp
    /// The last request with it; at first the sign-in.
    package let triedAt: Timestamp

    /// The key of the account: the digest of issuer and subject, which the seal of the token names.
    package var account: Digest { UpstreamIdentity.key(issuer: issuer, subject: subject) }

    /// A token in its stored form.
    package init(
        issuer: OpenIDIssuer, subject: String, provider: ProviderName, token: [UInt8], createdAt: Timestamp,
        triedAt: Timestamp? = nil
    ) {
        self.issuer = issuer
        self.subject = subject
        self.provider = provider
        self.token = token
        self.createdAt = createdAt
        self.triedAt = triedAt ?? createdAt
    }
}

extension UpstreamIdentity {
    /// The key of an account: one value for issuer and subject, which tells neither.
    package static func key(issuer: OpenIDIssuer, subject: String) -> Digest {
        .sha256("\(issuer.string.utf8.count):\(issuer)\(subject)")
    }
}

/// Refresh tokens of accounts at identity providers. They go with the account, with the provider, and when the user is disabled.
package struct UpstreamRefreshTokens: Noun {
    let transaction: Transaction
}

extension UpstreamRefreshTokens {
    private static let columns = "t.issuer, t.subject, t.provider, t.token, t.created_at, t.tried_at"

    /// Keeps the token of a sign-in in place of an earlier one.
    package func set(_ token: UpstreamRefreshToken) throws {
        try execute(
            """
            INSERT INTO upstream_refresh_tokens (account, issuer, subject, provider, token, created_at, tried_at)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
            ON CONFLICT (account) DO UPDATE SET provider = excluded.provider, token = excluded.token,
                created_at = excluded.created_at, tried_at = excluded.tried_at
            """, token.account.stored, token.issuer.string, token.subject, token.provider.string, token.token.stored,
            token.createdAt.seconds, token.triedAt.seconds)
    }

    /// The token of an account.
    package func find(issuer: OpenIDIssuer, subject: String) throws -> UpstreamRefreshToken? {
        try first(
            "SELECT \(Self.columns) FROM upstream_refresh_tokens t WHERE t.account = ?1",
            UpstreamIdentity.key(issuer: issuer, subject: subject).stored
        ) { try UpstreamRefreshToken($0) }
    }

    /// The tokens whose turn it is, at most `limit`, those that waited longest first: their last request is an hour ago, and their
    /// user has a live session, and has signed in with no other account of the provider since. The search passes the tokens of users
    /// without a session, so it belongs into a read.
    package func due(limit: Int, now: Timestamp) throws -> [UpstreamRefreshToken] {
        try all(
            """
            SELECT \(Self.columns) FROM upstream_refresh_tokens t INDEXED BY upstream_refresh_tokens_by_turn
            JOIN upstream_identities i ON i.issuer = t.issuer AND i.subject = t.subject
            JOIN identity_providers p ON p.name = t.provider
            WHERE t.tried_at <= ?2 AND json_extract(p.options, '$.group_refresh[0]') = 'true' AND \(Self.hasLiveSession(at: "?1"))
                AND NOT EXISTS (
                    SELECT 1 FROM upstream_identities o
                    WHERE o.user_id = i.user_id AND o.provider = i.provider AND o.used_at > i.used_at)
            ORDER BY t.tried_at LIMIT ?3
            """, now.seconds, (now - UpstreamRefreshToken.interval).seconds, limit
        ) { try UpstreamRefreshToken($0) }
    }

    /// Takes the tokens that were due, apart from those that a sign-in, a removal or another round overtook. Their turn is over for an
    /// hour, whatever the provider answers.
    package func take(_ due: [UpstreamRefreshToken], now: Timestamp) throws -> [UpstreamRefreshToken] {
        try due.compactMap { token in
            let taken = try execute(
                """
                UPDATE upstream_refresh_tokens SET tried_at = ?4 WHERE account = ?1 AND created_at = ?2 AND tried_at = ?3
                """, token.account.stored, token.createdAt.seconds, token.triedAt.seconds, now.seconds)
            guard taken == 1 else { return nil }
            return UpstreamRefreshToken(
                issuer: token.issuer, subject: token.subject, provider: token.provider, token: token.token,
                createdAt: token.createdAt, triedAt: now)
        }
    }

    /// Replaces a token by the one that the provider gave for it; false if the row is gone, or belongs to a later sign-in or
    /// request.
    package func replace(_ token: UpstreamRefreshToken, with sealed: [UInt8]) throws -> Bool {
        try execute(
            """
            UPDATE upstream_refresh_tokens SET token = ?4 WHERE account = ?1 AND created_at = ?2 AND tried_at = ?3
            """, token.account.stored, token.createdAt.seconds, token.triedAt.seconds, sealed.stored) == 1
    }

    /// Whether a token that was taken is still the account's: no sign-in, no removal and no later request came in between.
    package func isCurrent(_ token: UpstreamRefreshToken) throws -> Bool {
        try first(
            """
            SELECT 1 FROM upstream_refresh_tokens WHERE account = ?1 AND created_at = ?2 AND tried_at = ?3
            """, token.account.stored, token.createdAt.seconds, token.triedAt.seconds
        ) { try $0.integer(0) } != nil
    }

    /// Forgets a token that was taken; false if it is not the account's any more.
    @discardableResult
    package func forget(_ token: UpstreamRefreshToken) throws -> Bool {
        try execute(
            """
            DELETE FROM upstream_refresh_tokens WHERE account = ?1 AND created_at = ?2 AND tried_at = ?3
            """, token.account.stored, token.createdAt.seconds, token.triedAt.seconds) == 1
    }

    /// Forgets the token of an account, whatever sign-in it is from.
    package func forget(issuer: OpenIDIssuer, subject: String) throws {
        try execute(
            "DELETE FROM upstream_refresh_tokens WHERE account = ?1",
            UpstreamIdentity.key(issuer: issuer, subject: subject).stored)
    }

    /// The number of accounts at a provider that have a token.
    package func count(of provider: ProviderName) throws -> Int {
        try first("SELECT count(*) FROM upstream_refresh_tokens WHERE provider = ?1", provider.string) {
            Int(try $0.integer(0))
        } ?? 0
    }

    /// Forgets every token of a provider.
    package func forgetAll(of provider: ProviderName) throws {
        try execute("DELETE FROM upstream_refresh_tokens WHERE provider = ?1", provider.string)
    }

    /// Forgets tokens without a use: their user has had no live session for a day.
    func tidy(now: Timestamp, limit: Int) throws -> Int {
        try execute(
            """
            DELETE FROM upstream_refresh_tokens WHERE account IN (
                SELECT t.account FROM upstream_refresh_tokens t INDEXED BY upstream_refresh_tokens_by_turn
                JOIN upstream_identities i ON i.issuer = t.issuer AND i.subject = t.subject
                WHERE t.tried_at <= ?2 AND NOT \(Self.hasLiveSession(at: "?1")) LIMIT ?3)
            """, now.seconds, (now - UpstreamRefreshToken.unusedSeconds).seconds, limit)
    }

    private static func hasLiveSession(at now: String) -> String {
        """
        EXISTS (SELECT 1 FROM sessions s WHERE s.user_id = i.user_id AND \(SessionLife.lives("s", at: now)))
        """
    }
}

extension UpstreamRefreshToken {
    fileprivate init(_ row: StoredRow) throws {
        try self.init(
            issuer: OpenIDIssuer(row.text(0)), subject: row.text(1), provider: ProviderName(row.text(2)),
            token: row.bytes(3), createdAt: row.time(4), triedAt: row.time(5))
    }
}
