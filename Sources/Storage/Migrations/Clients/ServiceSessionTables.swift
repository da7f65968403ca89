/// What clients that act for themselves need: their permissions, at most one live session for each client and MCP server, the
/// lifetime of such sessions, and `client` as the initiator of audit records.
///
/// SQLite has no statement that changes a CHECK. Its manual describes this way for constraints, which rewrites no row: edit the
/// text of the table, and raise the version of the schema, so that every connection reads it again.
enum ServiceSessionTables {
    static let statements =
        [
            permissions, oneSession,
            """
            ALTER TABLE resource_policies
            ADD COLUMN service_session INTEGER CHECK (service_session BETWEEN 60 AND 31536000)
            """,
            "PRAGMA writable_schema = ON",
        ] + ["audit", "audit_tallies"].map(extending) + [
            "PRAGMA writable_schema = RESET",
            // Any change of the schema raises its version. The CHECK stops the migration if a text did not match.
            "CREATE TABLE schema_changes (tables INTEGER CHECK (tables = 2)) STRICT",
            """
            INSERT INTO schema_changes SELECT count(*) FROM sqlite_schema
            WHERE name IN ('audit', 'audit_tallies') AND instr(sql, '''client''') > 0
            """,
            "DROP TABLE schema_changes",
        ]

    // Without a row a client cannot act for itself at the MCP server.
    private static let permissions = """
        CREATE TABLE client_permissions (
            client_id TEXT NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
            resource_id TEXT NOT NULL REFERENCES resources (id),
            scope TEXT NOT NULL CHECK (scope <> ''),
            created_at INTEGER NOT NULL,
            PRIMARY KEY (client_id, resource_id)
        ) STRICT, WITHOUT ROWID
        """

    private static let oneSession = """
        CREATE UNIQUE INDEX live_service_sessions ON sessions (client_id, resource_id)
        WHERE user_id IS NULL AND state IN ('approved', 'active')
        """

    private static func extending(_ table: String) -> String {
        """
        UPDATE sqlite_schema
        SET sql = replace(sql, '(''human'', ''model'', ''server'', ''system'')',
            '(''human'', ''model'', ''client'', ''server'', ''system'')')
        WHERE type = 'table' AND name = '\(table)'
        """
    }
}
