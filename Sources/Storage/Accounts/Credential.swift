package import JOSE
package import OAuth

/// What an account proves itself with, as its sign-in method keeps it.
package struct Credential: Hashable, Sendable {
    package let id: CredentialID
    package let userID: UserID
    package let kind: CredentialKind
    /// What the sign-in method needs to check a proof; for a password its hash in PHC form. It never leaves the server.
    package let data: String
    /// When it was set.
    package let createdAt: Timestamp
    /// When somebody last signed in with it; nil for never.
    package let usedAt: Timestamp?

    /// A credential, as it is to be stored.
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

/// The kind of a credential, which is also the name of its sign-in method in logs and metrics.
package struct CredentialKind: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    /// As it is stored and shown.
    package let rawValue: String

    /// Names a kind; each sign-in method declares its own.
    package init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// As it is stored and shown.
    package var description: String { rawValue }

    /// A password; an account has at most one.
    package static let password = CredentialKind(rawValue: "password")
}

/// An account under the name that somebody typed, with what it can prove itself by.
package struct ClaimedAccount: Sendable {
    package let user: User
    /// The credential of the kind that was asked for; nil when the account has none.
    package let credential: Credential?
    /// Whether this account signed in in this browser before.
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

/// What accounts prove themselves with.
package struct Credentials: Noun {
    let transaction: Transaction
}

extension Credentials {
    /// Gives an account a credential.
    package func insert(_ credential: Credential) throws {
        try execute(
            """
            INSERT INTO credentials (id, user_id, kind, data, created_at, used_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
            """, credential.id.string, credential.userID.string, credential.kind.rawValue, credential.data,
            credential.createdAt.seconds, credential.usedAt?.seconds)
    }

    /// The credential of this kind that an account has.
    package func find(_ kind: CredentialKind, of user: UserID) throws -> Credential? {
        try Credential.of(user, kind, in: transaction)
    }

    /// The account that signs in under this name with its credential of this kind, and whether it did so in this browser
    /// before: one statement, so that a name without an account costs as much as any other.
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

    /// Notes that a credential proved its person, and keeps its renewed data if there is any. False when the credential is
    /// not any more what was checked, or its account is disabled.
    package func use(_ credential: Credential, renewedAs data: String? = nil, now: Timestamp) throws -> Bool {
        try execute(
            """
            UPDATE credentials SET data = ?3, used_at = ?4 WHERE id = ?1 AND data = ?2
                AND EXISTS (SELECT 1 FROM users WHERE users.id = user_id AND disabled_at IS NULL)
            """, credential.id.string, credential.data, data ?? credential.data, now.seconds) == 1
    }

    /// Sets a credential anew. False when it is not any more what was checked, or its account is disabled.
    package func replace(_ credential: Credential, with data: String, now: Timestamp) throws -> Bool {
        try execute(
            """
            UPDATE credentials SET data = ?3, created_at = ?4, used_at = NULL WHERE id = ?1 AND data = ?2
                AND EXISTS (SELECT 1 FROM users WHERE users.id = user_id AND disabled_at IS NULL)
            """, credential.id.string, credential.data, data, now.seconds) == 1
    }

    /// Sets the password of an account, whatever it was; every sign-in of the person goes on until the caller ends it.
    package func setPassword(_ hash: String, of user: UserID, now: Timestamp) throws {
        try execute(
            """
            INSERT INTO credentials (id, user_id, kind, data, created_at) VALUES (?1, ?2, 'password', ?3, ?4)
            ON CONFLICT (user_id) WHERE kind = 'password'
            DO UPDATE SET data = excluded.data, created_at = excluded.created_at, used_at = NULL
            """, CredentialID.random().string, user.string, hash, now.seconds)
    }
}
