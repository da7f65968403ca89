/// Keeps with each browser login how its person was authenticated. Until now a password was the only way.
///
/// The table is made anew: a column that has to have a value cannot be added without a default, and a default would vouch for
/// logins that say nothing.
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
        // Foreign keys are off in a migration: nothing that waits in a login goes with the old table.
        "DROP TABLE browser_logins",
        "ALTER TABLE proven_logins RENAME TO browser_logins",
        "CREATE INDEX browser_logins_by_user ON browser_logins (user_id)",
        "CREATE INDEX browser_logins_by_end ON browser_logins (expires_at)",
    ]
}
