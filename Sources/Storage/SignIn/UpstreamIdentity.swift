import JOSE
package import OAuth

/// An account at an identity provider, and the user here whom it signs in.
package struct UpstreamIdentity: Hashable, Sendable {
    package let issuer: OpenIDIssuer
    /// The subject at the issuer. Together they are the account; names and addresses are not.
    package let subject: String
    package let userID: UserID
    /// The provider through which the account signed in last.
    package let provider: ProviderName
    /// The name that the provider gave last, for display alone.
    package let name: String?
    /// The verified address that the provider gave last, for display alone.
    package let email: String?
    /// Everything that the provider said last, for display alone; nil before the first sign-in that kept it.
    package let statement: UpstreamClaims?
    package let createdAt: Timestamp
    /// The last sign-in.
    package let usedAt: Timestamp

    /// An account in its stored form.
    package init(
        issuer: OpenIDIssuer, subject: String, userID: UserID, provider: ProviderName, name: String?, email: String?,
        statement: UpstreamClaims? = nil, createdAt: Timestamp, usedAt: Timestamp? = nil
    ) {
        self.issuer = issuer
        self.subject = subject
        self.userID = userID
        self.provider = provider
        self.name = name
        self.email = email
        self.statement = statement
        self.createdAt = createdAt
        self.usedAt = usedAt ?? createdAt
    }
}

/// Accounts at identity providers.
package struct UpstreamIdentities: Noun {
    let transaction: Transaction
}

extension UpstreamIdentities {
    private static let columns = "issuer, subject, user_id, provider, name, email, created_at, used_at, statement"

    /// Adds an account, or records its latest sign-in. The user of an account never changes: false if it belongs to another one.
    package func record(_ identity: UpstreamIdentity) throws -> Bool {
        try execute(
            """
            INSERT INTO upstream_identities (\(Self.columns)) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
            ON CONFLICT (issuer, subject) DO UPDATE SET
                provider = excluded.provider, name = excluded.name, email = excluded.email, used_at = excluded.used_at,
                statement = excluded.statement
                WHERE user_id = excluded.user_id
            """, identity.issuer.string, identity.subject, identity.userID.string, identity.provider.string,
            identity.name, identity.email, identity.createdAt.seconds, identity.usedAt.seconds,
            identity.statement?.json.text) == 1
    }

    /// Replaces what the provider said about an account, without a sign-in.
    package func set(_ statement: UpstreamClaims, issuer: OpenIDIssuer, subject: String) throws {
        try execute(
            "UPDATE upstream_identities SET statement = ?3 WHERE issuer = ?1 AND subject = ?2", issuer.string, subject,
            statement.json.text)
    }

    /// The account of this subject.
    package func find(issuer: OpenIDIssuer, subject: String) throws -> UpstreamIdentity? {
        try first(
            "SELECT \(Self.columns) FROM upstream_identities WHERE issuer = ?1 AND subject = ?2", issuer.string, subject
        ) { try UpstreamIdentity($0) }
    }

    /// The accounts of a user, the oldest first.
    package func list(of user: UserID) throws -> [UpstreamIdentity] {
        try all(
            """
            SELECT \(Self.columns) FROM upstream_identities WHERE user_id = ?1 ORDER BY created_at, issuer, subject LIMIT 100
            """, user.string
        ) { try UpstreamIdentity($0) }
    }

    /// Unlinks an account from its user, and ends the browser logins that it began; false if the user has no such account.
    package func remove(issuer: OpenIDIssuer, subject: String, of user: UserID) throws -> Bool {
        let removed = try execute(
            "DELETE FROM upstream_identities WHERE issuer = ?1 AND subject = ?2 AND user_id = ?3", issuer.string,
            subject,
            user.string)
        guard removed == 1 else { return false }
        _ = try transaction.upstreamLogins.end(issuer: issuer, subject: subject, session: nil)
        try transaction.upstreamSessions.forget(user, at: issuer)
        return true
    }
}

extension UpstreamIdentity {
    fileprivate init(_ row: StoredRow) throws {
        try self.init(
            issuer: OpenIDIssuer(row.text(0)), subject: row.text(1), userID: row.id(2),
            provider: ProviderName(row.text(3)), name: row.textIfAny(4), email: row.textIfAny(5),
            // A statement is only shown: one that does not parse must keep nobody from signing in.
            statement: row.textIfAny(8).flatMap(UpstreamClaims.init(text:)), createdAt: row.time(6),
            usedAt: row.time(7))
    }
}
