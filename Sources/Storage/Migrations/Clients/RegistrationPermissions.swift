/// Tables of what administrators permit to clients that register themselves: redirects, and tokens for a registration.
enum RegistrationPermissions {
    static let statements = [redirects, invitations, invitationsByEnd]

    private static let redirects = """
        CREATE TABLE allowed_redirects (
            pattern TEXT NOT NULL PRIMARY KEY CHECK (pattern <> ''),
            created_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID
        """

    private static let invitations = """
        CREATE TABLE invitations (
            id TEXT NOT NULL PRIMARY KEY,
            digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 32),
            uses INTEGER NOT NULL CHECK (uses > 0),
            uses_left INTEGER NOT NULL CHECK (uses_left BETWEEN 0 AND uses),
            created_by INTEGER NOT NULL,
            created_at INTEGER NOT NULL,
            expires_at INTEGER NOT NULL CHECK (expires_at > created_at),
            last_used_at INTEGER
        ) STRICT
        """

    private static let invitationsByEnd = "CREATE INDEX invitations_by_end ON invitations (expires_at)"
}
