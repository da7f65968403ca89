/// Indexes for the first page of every list of sessions, whatever the number of sessions and of matches.
enum SessionLists {
    static let statements =
        [usedHour, knownHours, note] + earlier.map { "DROP INDEX \($0)" } + [
            byUser, byClient, byHost, byResource, byState, byUse,
            // An index finds idle sessions now, instead of a scan of all.
            "DELETE FROM meta WHERE key = 'idle walk'",
        ]

    // The hour of the last use. A value that is too low costs time and hides no session; it is never too high.
    private static let usedHour = "ALTER TABLE sessions ADD COLUMN used_hour INTEGER NOT NULL DEFAULT 0"
    private static let knownHours = "UPDATE sessions SET used_hour = last_used_at / 3600 WHERE ended_at IS NULL"

    // A refresh in the hour of the last use touches no index. SQLite would write a generated column into its index each time,
    // changed or not.
    private static let note = """
        CREATE TRIGGER sessions_note_hour AFTER UPDATE OF last_used_at ON sessions
        WHEN new.used_hour <> new.last_used_at / 3600
        BEGIN UPDATE sessions SET used_hour = new.last_used_at / 3600 WHERE id = new.id; END
        """

    // With the state in the index, the sessions of each state are in order, whatever the number in the others.
    private static let earlier = [
        "sessions_by_user", "sessions_by_client", "sessions_by_host", "sessions_by_resource", "sessions_by_start",
    ]
    private static let byUser = "CREATE INDEX sessions_by_user_state ON sessions (user_id, state, created_at, id)"
    // Clients and hosts can have very many sessions, so the index holds their MCP servers too.
    private static let byClient = """
        CREATE INDEX sessions_by_client_state ON sessions (client_id, state, created_at, id, resource_id)
        """
    private static let byHost = """
        CREATE INDEX sessions_by_host_state ON sessions (client_host, state, created_at, id, resource_id)
        WHERE client_host IS NOT NULL
        """
    private static let byResource = """
        CREATE INDEX sessions_by_resource_state ON sessions (resource_id, state, created_at, id)
        """
    private static let byState = "CREATE INDEX sessions_by_state ON sessions (state, created_at, id)"

    // Idle timeouts are few. For each the longest idle sessions come first, and so do the expired ones.
    private static let byUse = """
        CREATE INDEX live_sessions_by_use ON sessions (idle_seconds, used_hour, id, resource_id)
        WHERE ended_at IS NULL
        """
}
