package import OAuth

/// A person's account. What it proves itself with are its `Credential`s.
package struct User: Hashable, Sendable {
    package let id: UserID
    /// What tokens call this person.
    package let subject: Subject
    /// What the person types to sign in; compared without case.
    package let name: String
    package let email: String?
    /// Since when the account may not be used, nil while it may.
    package let disabledAt: Timestamp?
    package let createdAt: Timestamp

    /// An account, as it is to be stored.
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

/// Accounts of people.
package struct Users: Noun {
    let transaction: Transaction
}

extension Users {
    /// Adds an account; false when the name is taken.
    @discardableResult
    package func insert(_ user: User) throws -> Bool {
        try execute(
            """
            INSERT INTO users (id, subject, name, name_key, email, disabled_at, created_at)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (name_key) DO NOTHING
            """, user.id.string, user.subject.string, user.name, AccountName(user.name).key, user.email,
            user.disabledAt?.seconds, user.createdAt.seconds) == 1
    }

    /// The account with this id.
    package func find(id: UserID) throws -> User? {
        try first("SELECT \(User.columns) FROM users WHERE id = ?1", id.string) { try User($0) }
    }

    /// The account that signs in under this name, whatever its case.
    package func find(named name: String) throws -> User? {
        try first("SELECT \(User.columns) FROM users WHERE name_key = ?1", AccountName(name).key) { try User($0) }
    }

    /// The account that tokens call so.
    package func find(subject: Subject) throws -> User? {
        try first("SELECT \(User.columns) FROM users WHERE subject = ?1", subject.string) { try User($0) }
    }

    /// Accounts by name, those behind an account first, at most `limit`; none behind one that is not there.
    package func list(after id: UserID? = nil, limit: Int = 1_000) throws -> [User] {
        try all(
            """
            SELECT \(User.columns) FROM users
            WHERE name_key > iif(?1 IS NULL, '', (SELECT name_key FROM users WHERE id = ?1)) ORDER BY name_key LIMIT ?2
            """, id?.string, limit
        ) { try User($0) }
    }

    /// Locks an account from a moment on, or unlocks it; a locked person's browser logins are gone.
    @discardableResult
    package func setDisabled(_ since: Timestamp?, _ id: UserID) throws -> Bool {
        if since != nil { try execute("DELETE FROM browser_logins WHERE user_id = ?1", id.string) }
        return try execute("UPDATE users SET disabled_at = ?2 WHERE id = ?1", id.string, since?.seconds) == 1
    }
}
