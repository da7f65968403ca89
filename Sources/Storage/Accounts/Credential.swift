package import JOSE
package import OAuth

/// A credential of an account, in the form that its sign-in method stores.
package struct Credential: Hashable, Sendable {
    package let id: CredentialID
    package let userID: UserID
    package let kind: CredentialKind
    /// What the sign-in method verifies a proof with: for a password its hash in PHC form. It never leaves the server.
    package let data: String
    /// When the credential was set.
    package let createdAt: Timestamp
    /// When the user last signed in with it; nil for never.
    package let usedAt: Timestamp?

    /// A credential in its stored form.
    package init(
        id: CredentialID = .random(), userID: UserID, kind: CredentialKind, data: String, createdAt: Timestamp,
        usedAt: Timestamp? = nil
    ) {
        self.id = id
        self.userID = userID
        self.kind = kind
        self.data = data
        self.createdAt = createdAt
        self.usedAt = usedAt
    }
}

/// The kind of a credential, and the name of its sign-in method in logs and metrics.
package struct CredentialKind: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    /// The stored and shown name.
    package let rawValue: String

    /// A kind by its name; each sign-in method declares its own.
    package init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// The stored and shown name.
    package var description: String { rawValue }

    /// A password, of which an account has at most one.
    package static let password = CredentialKind(rawValue: "password")
}

/// The account of a typed name, with its credential of one kind. The user is not authenticated yet.
package struct ClaimedAccount: Sendable {
    package let user: User
    /// The credential of the requested kind; nil without one.
    package let credential: Credential?
    /// Whether the user has signed in in this browser before.
    package let isKnownBrowser: Bool
}

extension Credential {
    private static let columns = "id, user_id, kind, data, created_at, used_at"
    fileprivate static let joined = "c.id, c.user_id, c.kind, c.data, c.created_at, c.used_at"

    fileprivate init?(ifAny row: StoredRow, from start: Int) throws {
        guard try row.textIfAny(start) != nil else { return nil }
        try self.init(row, from: start)
    }

    private init(_ row: StoredRow, from start: Int = 0) throws {
        try self.init(
            id: row.id(start), userID: row.id(start + 1), kind: CredentialKind(rawValue: row.text(start + 2)),
            data: row.text(start + 3), createdAt: row.time(start + 4), usedAt: row.timeIfAny(start + 5))
    }

    fileprivate static func of(_ user: UserID, _ kind: CredentialKind, in transaction: Transaction) throws -> Self? {
        try transaction.first(
            "SELECT \(columns) FROM credentials WHERE user_id = ?1 AND kind = ?2", user.string, kind.rawValue
        ) { try Credential($0) }
    }
}

/// Credentials of accounts.
package struct Credentials: Noun {
    let transaction: Transaction
}

extension Credentials {
    /// Adds a credential to an account.
    package func insert(_ credential: Credential) throws {
        try execute(
            """
            INSERT INTO credentials (id, user_id, kind, data, created_at, used_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
            """, credential.id.string, credential.userID.string, credential.kind.rawValue, credential.data,
            credential.createdAt.seconds, credential.usedAt?.seconds)
    }

    /// The credential of this kind of an account; nil without one.
    package func find(_ kind: CredentialKind, of user: UserID) throws -> Credential? {
        try Credential.of(user, kind, in: transaction)
    }

    /// The account of this name, with its credential of this kind. One statement, so that the time of a sign-in does not reveal
    /// whether the account exists.
    package func account(
        named name: AccountName, provenBy kind: CredentialKind, binding: Digest
    ) throws -> ClaimedAccount? {
        guard name.isPossible else { return nil }
        return try first(
            """
            SELECT u.id, u.subject, u.name, u.email, u.disabled_at, u.created_at,
                EXISTS (SELECT 1 FROM known_browsers k WHERE k.user_id = u.id AND k.binding = ?2), \(Credential.joined)
            FROM users u LEFT JOIN credentials c ON c.user_id = u.id AND c.kind = ?3
            WHERE u.name_key = ?1
            """, name.key, binding.stored, kind.rawValue
        ) { row in
            try ClaimedAccount(
                user: User(row), credential: Credential(ifAny: row, from: 7), isKnownBrowser: row.flag(6))
        }
    }

    /// Records a sign-in with a credential, and replaces its data if `data` is given. False if the credential was replaced after
    /// the check, or the account is disabled.
    package func use(_ credential: Credential, renewedAs data: String? = nil, now: Timestamp) throws -> Bool {
        try execute(
            """
            UPDATE credentials SET data = ?3, used_at = ?4 WHERE id = ?1 AND data = ?2
                AND EXISTS (SELECT 1 FROM users WHERE users.id = user_id AND disabled_at IS NULL)
            """, credential.id.string, credential.data, data ?? credential.data, now.seconds) == 1
    }

    /// Replaces a credential. False if it was replaced after the check, or the account is disabled.
    package func replace(_ credential: Credential, with data: String, now: Timestamp) throws -> Bool {
        try execute(
            """
            UPDATE credentials SET data = ?3, created_at = ?4, used_at = NULL WHERE id = ?1 AND data = ?2
                AND EXISTS (SELECT 1 FROM users WHERE users.id = user_id AND disabled_at IS NULL)
            """, credential.id.string, credential.data, data, now.seconds) == 1
    }

    /// Removes the credential of this kind from an account, if it has one. The user's logins stay; the caller ends them.
    package func remove(_ kind: CredentialKind, of user: UserID) throws {
        try execute("DELETE FROM credentials WHERE user_id = ?1 AND kind = ?2", user.string, kind.rawValue)
    }

    /// Sets the password of an account. The user's logins stay; the caller ends them.
    package func setPassword(_ hash: String, of user: UserID, now: Timestamp) throws {
        try execute(
            """
            INSERT INTO credentials (id, user_id, kind, data, created_at) VALUES (?1, ?2, 'password', ?3, ?4)
            ON CONFLICT (user_id) WHERE kind = 'password'
            DO UPDATE SET data = excluded.data, created_at = excluded.created_at, used_at = NULL
            """, CredentialID.random().string, user.string, hash, now.seconds)
    }
}
