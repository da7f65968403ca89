/// The table of tallies: actions that sessions repeat too often for a record each, counted until one record closes the tally.
enum AuditTallyRows {
    static let statements = [
        """
        CREATE TABLE audit_tallies (
            session_id TEXT NOT NULL,
            action TEXT NOT NULL,
            minute INTEGER NOT NULL,
            first INTEGER NOT NULL,
            last INTEGER NOT NULL CHECK (last >= first),
            count INTEGER NOT NULL CHECK (count > 0),
            actor TEXT NOT NULL,
            user_id TEXT,
            client_id TEXT,
            resource_id TEXT,
            initiator TEXT NOT NULL CHECK (initiator IN ('human', 'model', 'server', 'system')),
            correlation TEXT,
            PRIMARY KEY (session_id, action)
        ) STRICT, WITHOUT ROWID
        """
    ]
}
