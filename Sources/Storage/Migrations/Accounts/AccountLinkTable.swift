/// The table of one-time links with which users set the passwords of their accounts.
enum AccountLinkTable {
    static let statements = [table, open, byEnd]

    // A used or voided link stays for a while, so that its page can tell the user what happened to it.
    private static let table = """
        CREATE TABLE account_links (
            digest BLOB NOT NULL PRIMARY KEY CHECK (length(digest) = 32),
            user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
            purpose TEXT NOT NULL CHECK (purpose IN ('invitation', 'reset')),
            created_at INTEGER NOT NULL,
            expires_at INTEGER NOT NULL CHECK (expires_at > created_at),
            used_at INTEGER,
            voided_at INTEGER,
            CHECK (used_at IS NULL OR voided_at IS NULL)
        ) STRICT, WITHOUT ROWID
        """

    // An account has at most one link that could still set its password.
    private static let open = """
        CREATE UNIQUE INDEX open_account_links ON account_links (user_id) WHERE used_at IS NULL AND voided_at IS NULL
        """
    private static let byEnd = "CREATE INDEX account_links_by_end ON account_links (expires_at)"
}
