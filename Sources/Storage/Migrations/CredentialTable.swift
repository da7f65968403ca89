/// Moves passwords from accounts to a table of credentials, which every sign-in method uses.
enum CredentialTable {
    static let statements = [
        credentials, onePassword, byUser, passwords, "ALTER TABLE users DROP COLUMN password_hash",
    ]

    // No list of kinds: a further sign-in method brings its own.
    private static let credentials = """
        CREATE TABLE credentials (
            id TEXT NOT NULL PRIMARY KEY,
            user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
            kind TEXT NOT NULL CHECK (kind <> ''),
            data TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            used_at INTEGER
        ) STRICT
        """

    private static let onePassword = """
        CREATE UNIQUE INDEX one_password_per_user ON credentials (user_id) WHERE kind = 'password'
        """

    private static let byUser = "CREATE INDEX credentials_by_user ON credentials (user_id, kind)"

    // An account had one password at most, so the random part of its id makes an id for it. When the password was set is in
    // the audit trail; here it counts as old as the account.
    private static let passwords = """
        INSERT INTO credentials (id, user_id, kind, data, created_at, used_at)
        SELECT 'crd_' || substr(id, 5), id, 'password', password_hash, created_at, NULL FROM users
        """
}
