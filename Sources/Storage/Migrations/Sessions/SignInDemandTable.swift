/// The table of sign-ins that MCP servers require at the next approval.
enum SignInDemandTable {
    // One row for each user, client and MCP server. The session is no reference: the row is void without it.
    static let statements = [
        """
        CREATE TABLE sign_in_demands (
            user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
            client_id TEXT NOT NULL,
            resource_id TEXT NOT NULL REFERENCES resources (id),
            session_id TEXT NOT NULL,
            max_age INTEGER NOT NULL CHECK (max_age >= 0),
            made_at INTEGER NOT NULL,
            expires_at INTEGER NOT NULL CHECK (expires_at > made_at),
            PRIMARY KEY (user_id, client_id, resource_id)
        ) STRICT, WITHOUT ROWID
        """,
        "CREATE INDEX sign_in_demands_by_end ON sign_in_demands (expires_at)",
        "CREATE INDEX sign_in_demands_by_session ON sign_in_demands (session_id)",
    ]
}
