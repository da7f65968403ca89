/// Tables of the actions that MCP servers may start without a client, and of the jobs in which they do.
enum JobTables {
    static let statements = [actions, jobs, openBySession, openByUser, openByEnd, endedByAge, decisions]

    // An action without a row is denied.
    private static let actions = """
        CREATE TABLE server_actions (
            resource_id TEXT NOT NULL REFERENCES resources (id),
            name TEXT NOT NULL,
            rule TEXT NOT NULL CHECK (rule IN ('allow', 'ask')),
            scope TEXT NOT NULL,
            PRIMARY KEY (resource_id, name)
        ) STRICT, WITHOUT ROWID
        """

    // One row a job; it stays for 90 days after its end.
    private static let jobs = """
        CREATE TABLE jobs (
            id TEXT NOT NULL PRIMARY KEY,
            resource_id TEXT NOT NULL REFERENCES resources (id),
            user_id TEXT NOT NULL REFERENCES users (id),
            client_id TEXT NOT NULL,
            session_id TEXT NOT NULL,
            actions TEXT NOT NULL CHECK (actions <> ''),
            scope TEXT NOT NULL,
            purpose TEXT NOT NULL CHECK (purpose <> ''),
            created_at INTEGER NOT NULL,
            expires_at INTEGER NOT NULL CHECK (expires_at > created_at),
            ended_at INTEGER,
            end_reason TEXT CHECK (end_reason IN ('resource', 'person', 'session_ended', 'expired')),
            CHECK ((ended_at IS NULL) = (end_reason IS NULL))
        ) STRICT
        """

    private static let openBySession = "CREATE INDEX open_jobs_by_session ON jobs (session_id) WHERE ended_at IS NULL"
    private static let openByUser = """
        CREATE INDEX open_jobs_by_user ON jobs (user_id, expires_at, id) WHERE ended_at IS NULL
        """
    private static let openByEnd = "CREATE INDEX open_jobs_by_end ON jobs (expires_at) WHERE ended_at IS NULL"
    private static let endedByAge = "CREATE INDEX ended_jobs_by_age ON jobs (ended_at) WHERE ended_at IS NOT NULL"

    // The number of decisions for an MCP server in the current hour.
    private static let decisions = """
        CREATE TABLE decision_quotas (
            resource_id TEXT NOT NULL PRIMARY KEY REFERENCES resources (id),
            hour INTEGER NOT NULL,
            used INTEGER NOT NULL CHECK (used > 0)
        ) STRICT, WITHOUT ROWID
        """
}
