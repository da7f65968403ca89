/// The table of sessions at identity providers, by which a logout token without a subject finds its user.
enum UpstreamSessionTable {
    static let statements = [table, byTime, byUser]

    private static let table = """
        CREATE TABLE upstream_sessions (
            issuer TEXT NOT NULL,
            session_id TEXT NOT NULL,
            user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
            seen_at INTEGER NOT NULL,
            PRIMARY KEY (issuer, session_id, user_id)
        ) STRICT, WITHOUT ROWID
        """
    private static let byTime = "CREATE INDEX upstream_sessions_by_time ON upstream_sessions (seen_at)"
    private static let byUser = "CREATE INDEX upstream_sessions_by_user ON upstream_sessions (user_id)"
}
