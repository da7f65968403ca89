/// The table of pushed authorization requests, and the clients that must push.
enum PushedRequestTable {
    static let statements = [
        table, byEnd, open, bySite,
        """
        ALTER TABLE clients ADD COLUMN requires_pushed_requests INTEGER NOT NULL DEFAULT 0
            CHECK (requires_pushed_requests IN (0, 1))
        """,
    ]

    // One row a request, by the digest of its request_uri. A row without an interaction is open; one with it is used, and stays
    // until no sign-in page can submit the same request again.
    private static let table = """
        CREATE TABLE pushed_requests (
            digest BLOB NOT NULL PRIMARY KEY CHECK (length(digest) = 32),
            client_id TEXT NOT NULL,
            pusher TEXT NOT NULL,
            site TEXT,
            request TEXT NOT NULL,
            expires_at INTEGER NOT NULL,
            interaction_id TEXT
        ) STRICT
        """
    private static let byEnd = "CREATE INDEX pushed_requests_by_end ON pushed_requests (expires_at)"
    private static let open = """
        CREATE INDEX open_pushed_requests ON pushed_requests (pusher, expires_at) WHERE interaction_id IS NULL
        """
    private static let bySite = """
        CREATE INDEX pushed_requests_by_site ON pushed_requests (site, expires_at)
        WHERE interaction_id IS NULL AND site IS NOT NULL
        """
}
