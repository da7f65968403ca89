/// Tables of the device grant: the requests of devices, and where the sessions that began so came from. Columns for who may use
/// the grant.
enum DeviceTables {
    static let statements = [
        authorizations, byEnd, open, bySite, origins,
        "ALTER TABLE client_rules ADD COLUMN device INTEGER NOT NULL DEFAULT 0 CHECK (device IN (0, 1))",
        """
        ALTER TABLE resource_policies
        ADD COLUMN allows_device INTEGER NOT NULL DEFAULT 1 CHECK (allows_device IN (0, 1))
        """,
    ]

    // One row a request, by the digest of its device code. `user_code` is a digest with a key of the key ring.
    private static let authorizations = """
        CREATE TABLE device_authorizations (
            digest BLOB NOT NULL PRIMARY KEY CHECK (length(digest) = 32),
            user_code BLOB NOT NULL UNIQUE CHECK (length(user_code) = 32),
            client_id TEXT NOT NULL,
            party TEXT NOT NULL,
            site TEXT NOT NULL,
            resource TEXT NOT NULL,
            scope TEXT,
            address TEXT,
            created_at INTEGER NOT NULL,
            expires_at INTEGER NOT NULL CHECK (expires_at > created_at),
            poll_interval INTEGER NOT NULL CHECK (poll_interval BETWEEN 5 AND 600),
            polled_at INTEGER,
            state TEXT NOT NULL CHECK (state IN ('pending', 'denied', 'approved', 'redeemed', 'unused')),
            interaction_id TEXT,
            session_id TEXT,
            decided_at INTEGER,
            proof TEXT,
            refreshes INTEGER NOT NULL DEFAULT 0 CHECK (refreshes IN (0, 1)),
            CHECK ((state IN ('approved', 'redeemed', 'unused')) = (session_id IS NOT NULL)),
            CHECK ((state = 'pending') = (decided_at IS NULL))
        ) STRICT
        """
    private static let byEnd = "CREATE INDEX device_authorizations_by_end ON device_authorizations (expires_at)"
    private static let open = """
        CREATE INDEX pending_device_authorizations ON device_authorizations (party, expires_at) WHERE state = 'pending'
        """
    private static let bySite = """
        CREATE INDEX pending_device_authorizations_by_site ON device_authorizations (site, expires_at)
        WHERE state = 'pending'
        """

    // Addresses are personal data, so they stand beside the session and are deleted with it.
    private static let origins = """
        CREATE TABLE device_sessions (
            session_id TEXT NOT NULL PRIMARY KEY REFERENCES sessions (id) ON DELETE CASCADE,
            requested_at INTEGER NOT NULL,
            requested_from TEXT,
            approved_from TEXT
        ) STRICT, WITHOUT ROWID
        """
}
