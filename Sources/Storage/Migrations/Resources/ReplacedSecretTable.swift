/// The table of replaced secrets of MCP servers, which work for a while beside the new ones.
enum ReplacedSecretTable {
    // One row an MCP server: a second replacement voids the oldest secret.
    static let statements = [
        """
        CREATE TABLE replaced_secrets (
            resource_id TEXT NOT NULL PRIMARY KEY REFERENCES resources (id),
            digest BLOB NOT NULL CHECK (length(digest) = 32),
            replaced_at INTEGER NOT NULL,
            ends_at INTEGER NOT NULL CHECK (ends_at > replaced_at),
            used_at INTEGER
        ) STRICT, WITHOUT ROWID
        """
    ]
}
