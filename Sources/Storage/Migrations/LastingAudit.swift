/// An audit trail that can be verified, shortened and purged of personal fields: trace ids, personal fields beside the chain,
/// a chain for each MCP server's reports, and signed checkpoints over all chains.
enum LastingAudit {
    static let statements = [
        "ALTER TABLE audit ADD COLUMN format INTEGER NOT NULL DEFAULT 1 CHECK (format IN (1, 2))",
        "ALTER TABLE audit ADD COLUMN trace TEXT",
        "ALTER TABLE audit ADD COLUMN personal BLOB CHECK (length(personal) = 32)",
        reported, reportedByTime, quotas, personal, checkpoints, bases,
        "DROP TRIGGER audit_is_kept", kept("audit", "'main'"),
        kept("audit_reported", "old.chain"), reportedIsNotEdited,
    ]

    // The chains of reports, one for each MCP server. A server that reports cannot touch the main chain.
    private static let reported = """
        CREATE TABLE audit_reported (
            chain TEXT NOT NULL REFERENCES resources (id),
            sequence INTEGER NOT NULL CHECK (sequence > 0),
            at INTEGER NOT NULL,
            actor TEXT NOT NULL,
            action TEXT NOT NULL,
            user_id TEXT,
            client_id TEXT,
            resource_id TEXT,
            session_id TEXT,
            outcome TEXT NOT NULL,
            reason TEXT,
            initiator TEXT NOT NULL CHECK (initiator IN ('human', 'model', 'server', 'system')),
            evidence TEXT NOT NULL CHECK (evidence = 'reported'),
            reported_by TEXT NOT NULL,
            correlation TEXT,
            admin_uid INTEGER,
            admin_claimed TEXT,
            previous BLOB NOT NULL CHECK (length(previous) = 32),
            hash BLOB NOT NULL CHECK (length(hash) = 32),
            format INTEGER NOT NULL CHECK (format = 2),
            trace TEXT,
            personal BLOB CHECK (length(personal) = 32),
            PRIMARY KEY (chain, sequence)
        ) STRICT, WITHOUT ROWID
        """

    private static let reportedByTime = "CREATE INDEX audit_reported_by_time ON audit_reported (at)"

    // The number of reports of an MCP server in the current hour.
    private static let quotas = """
        CREATE TABLE audit_quotas (
            resource_id TEXT NOT NULL PRIMARY KEY REFERENCES resources (id),
            hour INTEGER NOT NULL,
            used INTEGER NOT NULL CHECK (used > 0)
        ) STRICT, WITHOUT ROWID
        """

    // An erasure removes salt and value, and leaves the digest that the chain covers.
    private static let personal = """
        CREATE TABLE audit_personal (
            chain TEXT NOT NULL,
            sequence INTEGER NOT NULL,
            field TEXT NOT NULL CHECK (field IN ('address', 'claimed', 'explanation')),
            digest BLOB NOT NULL CHECK (length(digest) = 32),
            salt BLOB CHECK (length(salt) = 16),
            value TEXT,
            erased_by INTEGER,
            PRIMARY KEY (chain, sequence, field),
            CHECK ((erased_by IS NULL) = (salt IS NOT NULL) AND (erased_by IS NULL) = (value IS NOT NULL))
        ) STRICT, WITHOUT ROWID
        """

    // Signed checkpoints. The signature counts, not the columns beside it, which only find the row.
    private static let checkpoints = """
        CREATE TABLE audit_checkpoints (
            chain TEXT NOT NULL,
            sequence INTEGER NOT NULL CHECK (sequence > 0),
            hash BLOB NOT NULL CHECK (length(hash) = 32),
            at INTEGER NOT NULL,
            kid TEXT NOT NULL,
            signed TEXT NOT NULL,
            PRIMARY KEY (chain, sequence)
        ) STRICT, WITHOUT ROWID
        """

    // The record behind which a shortened chain begins.
    private static let bases = """
        CREATE TABLE audit_bases (
            chain TEXT NOT NULL PRIMARY KEY,
            sequence INTEGER NOT NULL CHECK (sequence > 0),
            hash BLOB NOT NULL CHECK (length(hash) = 32)
        ) STRICT, WITHOUT ROWID
        """

    private static func kept(_ table: String, _ chain: String) -> String {
        """
        CREATE TRIGGER \(table)_is_kept BEFORE DELETE ON \(table)
        WHEN old.sequence > coalesce((SELECT sequence FROM audit_bases WHERE chain = \(chain)), 0)
        BEGIN SELECT raise(ABORT, 'audit records are deleted behind a checkpoint only'); END
        """
    }

    private static let reportedIsNotEdited = """
        CREATE TRIGGER audit_reported_is_not_edited BEFORE UPDATE ON audit_reported
        BEGIN SELECT raise(ABORT, 'audit records are never edited'); END
        """
}
