package import OAuth

/// A user's account; its `Credential`s are stored apart.
package struct User: Hashable, Sendable {
    package let id: UserID
    /// The `sub` of the user's tokens.
    package let subject: Subject
    /// The name to sign in with; its case does not matter.
    package let name: String
    /// The address for the operator and for `mail.command`; nobody has verified it.
    package let email: String?
    /// Since when the account is disabled; nil for an enabled one.
    package let disabledAt: Timestamp?
    package let createdAt: Timestamp

    /// An account in its stored form.
    package init(
        id: UserID = .random(), subject: Subject = .random(), name: String, email: String? = nil,
        disabledAt: Timestamp? = nil, createdAt: Timestamp
    ) {
        self.id = id
        self.subject = subject
        self.name = name
        self.email = email
        self.disabledAt = disabledAt
        self.createdAt = createdAt
    }
}

extension User {
    static let columns = "id, subject, name, email, disabled_at, created_at"

    init(_ row: StoredRow, from start: Int = 0) throws {
        try self.init(
            id: row.id(start), subject: row.id(start + 1), name: row.text(start + 2), email: row.textIfAny(start + 3),
            disabledAt: row.timeIfAny(start + 4), createdAt: row.time(start + 5))
    }
}

/// Accounts of users.
package struct Users: Noun {
    let transaction: Transaction
}

extension Users {
    /// Adds an account; false if the name is taken.
    @discardableResult
    package func insert(_ user: User) throws -> Bool {
        try execute(
            """
            INSERT INTO users (id, subject, name, name_key, email, disabled_at, created_at)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (name_key) DO NOTHING
            """, user.id.string, user.subject.string, user.name, AccountName(user.name).key, user.email,
            user.disabledAt?.seconds, user.createdAt.seconds) == 1
    }

    /// The account of this id.
    package func find(id: UserID) throws -> User? {
        try first("SELECT \(User.columns) FROM users WHERE id = ?1", id.string) { try User($0) }
    }

    /// The account of this name in any spelling.
    package func find(named name: String) throws -> User? {
        try first("SELECT \(User.columns) FROM users WHERE name_key = ?1", AccountName(name).key) { try User($0) }
    }

    /// The account of this subject.
    package func find(subject: Subject) throws -> User? {
        try first("SELECT \(User.columns) FROM users WHERE subject = ?1", subject.string) { try User($0) }
    }

    /// At most `limit` accounts by name, behind the given one; none behind an unknown one.
    package func list(after id: UserID? = nil, limit: Int = 1_000) throws -> [User] {
        try all(
            """
            SELECT \(User.columns) FROM users WHERE deleted_at IS NULL
            AND name_key > iif(?1 IS NULL, '', (SELECT name_key FROM users WHERE id = ?1)) ORDER BY name_key LIMIT ?2
            """, id?.string, limit
        ) { try User($0) }
    }

    /// Gives an account another name; false if another account has it.
    package func rename(_ id: UserID, to name: String) throws -> Bool {
        try execute(
            "UPDATE OR IGNORE users SET name = ?2, name_key = ?3 WHERE id = ?1", id.string, name, AccountName(name).key)
            == 1
    }

    /// Replaces the e-mail address of an account.
    package func setEmail(_ email: String, of id: UserID) throws {
        try execute("UPDATE users SET email = ?2 WHERE id = ?1", id.string, email)
    }

    /// Disables an account since a moment, ends its browser logins and voids its one-time link, or enables it; false if it does
    /// not exist.
    @discardableResult
    package func setDisabled(_ since: Timestamp?, _ id: UserID) throws -> Bool {
        if let since {
            try execute("DELETE FROM browser_logins WHERE user_id = ?1", id.string)
            try transaction.accountLinks.void(of: id, now: since)
        }
        return try execute("UPDATE users SET disabled_at = ?2 WHERE id = ?1", id.string, since?.seconds) == 1
    }
}
