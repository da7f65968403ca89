package import JOSE
package import OAuth

/// A person's account.
package struct User: Hashable, Sendable {
    package let id: UserID
    /// What tokens call this person.
    package let subject: Subject
    /// What the person types to sign in; compared without case.
    package let name: String
    package let email: String?
    /// The password's hash in PHC form.
    package let passwordHash: String
    /// Since when the account may not be used, nil while it may.
    package let disabledAt: Timestamp?
    package let createdAt: Timestamp

    /// An account, as it is to be stored.
    package init(
        id: UserID = .random(), subject: Subject = .random(), name: String, email: String? = nil, passwordHash: String,
        disabledAt: Timestamp? = nil, createdAt: Timestamp
    ) {
        self.id = id
        self.subject = subject
        self.name = name
        self.email = email
        self.passwordHash = passwordHash
        self.disabledAt = disabledAt
        self.createdAt = createdAt
    }
}

extension User {
    static let columns = "id, subject, name, email, password_hash, disabled_at, created_at"

    init(_ row: StoredRow, from start: Int = 0) throws {
        try self.init(
            id: row.id(start), subject: row.id(start + 1), name: row.text(start + 2), email: row.textIfAny(start + 3),
            passwordHash: row.text(start + 4), disabledAt: row.timeIfAny(start + 5), createdAt: row.time(start + 6))
    }
}

extension Transaction {
    /// Adds an account; false when the name is taken.
    @discardableResult
    package func insert(_ user: User) throws -> Bool {
        try execute(
            """
            INSERT INTO users (id, subject, name, name_key, email, password_hash, disabled_at, created_at)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (name_key) DO NOTHING
            """, user.id.string, user.subject.string, user.name, AccountName(user.name).key, user.email,
            user.passwordHash,
            user.disabledAt?.seconds, user.createdAt.seconds) == 1
    }

    /// The account with this id.
    package func user(id: UserID) throws -> User? {
        try first("SELECT \(User.columns) FROM users WHERE id = ?1", id.string) { try User($0) }
    }

    /// The account that signs in under this name, whatever its case.
    package func user(named name: String) throws -> User? {
        try first("SELECT \(User.columns) FROM users WHERE name_key = ?1", AccountName(name).key) { try User($0) }
    }

    /// The account that signs in under this name, and whether it did so in this browser before: one statement, so that a
    /// name without an account costs as much as any other.
    package func account(named name: AccountName, binding: Digest) throws -> (user: User, isKnownBrowser: Bool)? {
        guard name.isPossible else { return nil }
        return try first(
            """
            SELECT \(User.columns),
                EXISTS (SELECT 1 FROM known_browsers k WHERE k.user_id = users.id AND k.binding = ?2)
            FROM users WHERE name_key = ?1
            """, name.key, binding.stored
        ) { (try User($0), try $0.flag(7)) }
    }

    /// The account that tokens call so.
    package func user(subject: Subject) throws -> User? {
        try first("SELECT \(User.columns) FROM users WHERE subject = ?1", subject.string) { try User($0) }
    }

    /// Accounts by name, those behind an account first, at most `limit`; none behind one that is not there.
    package func users(after id: UserID? = nil, limit: Int = 1_000) throws -> [User] {
        try all(
            """
            SELECT \(User.columns) FROM users
            WHERE name_key > iif(?1 IS NULL, '', (SELECT name_key FROM users WHERE id = ?1)) ORDER BY name_key LIMIT ?2
            """, id?.string, limit
        ) { try User($0) }
    }

    /// Replaces a password's hash; every other sign-in of the person goes on until the caller ends it.
    package func setPasswordHash(_ hash: String, of id: UserID, now: Timestamp) throws {
        try execute("UPDATE users SET password_hash = ?2 WHERE id = ?1", id.string, hash)
    }

    /// Replaces a password's hash, perhaps by itself, unless it is another one by now or the account is locked.
    package func replacePasswordHash(_ hash: String, insteadOf earlier: String, of id: UserID) throws -> Bool {
        try execute(
            "UPDATE users SET password_hash = ?2 WHERE id = ?1 AND password_hash = ?3 AND disabled_at IS NULL",
            id.string, hash, earlier) == 1
    }

    /// Locks an account from a moment on, or unlocks it; a locked person's browser logins are gone.
    @discardableResult
    package func setDisabled(_ since: Timestamp?, _ id: UserID) throws -> Bool {
        if since != nil { try execute("DELETE FROM browser_logins WHERE user_id = ?1", id.string) }
        return try execute("UPDATE users SET disabled_at = ?2 WHERE id = ?1", id.string, since?.seconds) == 1
    }
}
