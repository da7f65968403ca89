/// The table of scopes that an administrator withdrew from MCP servers.
enum WithdrawnScopeTable {
    // A session that was approved before has the scope in its row; it may not use it any more, also not when the scope comes back.
    static let statements = [
        """
        CREATE TABLE withdrawn_scopes (
            resource_id TEXT NOT NULL REFERENCES resources (id),
            scope TEXT NOT NULL CHECK (scope <> ''),
            withdrawn_at INTEGER NOT NULL,
            PRIMARY KEY (resource_id, scope)
        ) STRICT, WITHOUT ROWID
        """
    ]
}
