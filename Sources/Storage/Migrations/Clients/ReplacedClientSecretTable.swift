/// The table of replaced secrets of registered clients, which work for a while beside the new ones.
enum ReplacedClientSecretTable {
    // One row a client: a second replacement voids the oldest secret.
    static let statements = [
        """
        CREATE TABLE replaced_client_secrets (
            client_id TEXT NOT NULL PRIMARY KEY REFERENCES clients (id) ON DELETE CASCADE,
            digest BLOB NOT NULL CHECK (length(digest) = 32),
            replaced_at INTEGER NOT NULL,
            ends_at INTEGER NOT NULL CHECK (ends_at > replaced_at),
            used_at INTEGER
        ) STRICT, WITHOUT ROWID
        """
    ]
}
