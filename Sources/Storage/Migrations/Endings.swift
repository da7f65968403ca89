/// What the ends of sessions need: their events, the time of the last poll, the policy on connections, and unfinished endings
/// of many sessions.
enum Endings {
    static let statements = [
        "ALTER TABLE events ADD COLUMN session_id TEXT",
        eventsBySession,
        "ALTER TABLE resources ADD COLUMN polled_at INTEGER",
        """
        ALTER TABLE resource_policies
        ADD COLUMN ends_connections INTEGER NOT NULL DEFAULT 0 CHECK (ends_connections IN (0, 1))
        """,
        endings,
    ]

    // A session ends once, so it has one event.
    private static let eventsBySession = """
        CREATE UNIQUE INDEX events_by_session ON events (session_id)
        WHERE type = 'https://schemas.openid.net/secevent/caep/event-type/session-revoked'
        """

    // A row exists from the first step of an ending of many sessions to the last.
    private static let endings = """
        CREATE TABLE endings (
            id TEXT NOT NULL PRIMARY KEY,
            filter TEXT NOT NULL,
            reason TEXT NOT NULL,
            initiator TEXT NOT NULL CHECK (initiator IN ('admin', 'user', 'policy', 'system')),
            actor TEXT NOT NULL,
            admin_uid INTEGER,
            admin_claimed TEXT,
            explanation TEXT,
            last_row INTEGER NOT NULL,
            after_created_at INTEGER NOT NULL,
            after_id TEXT NOT NULL,
            started_at INTEGER NOT NULL
        ) STRICT
        """
}
