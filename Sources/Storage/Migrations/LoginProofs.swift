/// Columns for the authentication of each browser login. Earlier logins used a password, the only method then.
///
/// The table is rebuilt, because SQLite adds a NOT NULL column only with a default, and a default would claim an
/// authentication for later rows that state none.
enum LoginProofs {
    static let statements = [
        """
        CREATE TABLE proven_logins (
            id TEXT NOT NULL PRIMARY KEY,
            digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 32),
            user_id TEXT NOT NULL REFERENCES users (id),
            binding BLOB NOT NULL CHECK (length(binding) = 32),
            auth_time INTEGER NOT NULL,
            acr TEXT NOT NULL CHECK (acr <> ''),
            amr TEXT NOT NULL CHECK (amr <> ''),
            vouched_by TEXT CHECK (vouched_by <> ''),
            created_at INTEGER NOT NULL,
            last_seen_at INTEGER NOT NULL,
            expires_at INTEGER NOT NULL CHECK (expires_at > created_at)
        ) STRICT
        """,
        """
        INSERT INTO proven_logins
            (id, digest, user_id, binding, auth_time, acr, amr, vouched_by, created_at, last_seen_at, expires_at)
        SELECT id, digest, user_id, binding, auth_time, 'urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport',
            'pwd', NULL, created_at, last_seen_at, expires_at
        FROM browser_logins
        """,
        // Foreign keys are off in a migration, so dropping the old table deletes no interaction that refers to a login.
        "DROP TABLE browser_logins",
        "ALTER TABLE proven_logins RENAME TO browser_logins",
        "CREATE INDEX browser_logins_by_user ON browser_logins (user_id)",
        "CREATE INDEX browser_logins_by_end ON browser_logins (expires_at)",
    ]
}
