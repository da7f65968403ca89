/// Removes the list of kinds from the table of elicitations, so that a further kind needs no migration: `ElicitationKind`
/// already checks what is written and read.
///
/// SQLite cannot drop a CHECK, so the table is rebuilt. Foreign keys are off meanwhile and checked afterwards.
enum ElicitationKindList {
    static let statements = [
        table, "INSERT INTO elicitations_anew SELECT * FROM elicitations", "DROP TABLE elicitations",
        "ALTER TABLE elicitations_anew RENAME TO elicitations",
        elicitationsByPage, elicitationsByKey, elicitationsByDigest, openByPerson, elicitationsByPerson, openBySession,
        openByEnd, uncollected, elicitationsByAge, elicitationsByUser, openByUser,
    ]

    private static let table = """
        CREATE TABLE elicitations_anew (
            id TEXT NOT NULL PRIMARY KEY,
            page_id TEXT NOT NULL,
            resource_id TEXT NOT NULL REFERENCES resources (id),
            user_id TEXT NOT NULL REFERENCES users (id),
            subject TEXT NOT NULL,
            client_id TEXT NOT NULL,
            session_id TEXT NOT NULL,
            kind TEXT NOT NULL CHECK (kind <> ''),
            message TEXT NOT NULL,
            ask TEXT NOT NULL,
            digest BLOB NOT NULL CHECK (length(digest) = 32),
            idempotency_key TEXT,
            status TEXT NOT NULL CHECK (status IN
                ('pending', 'opened', 'completed', 'declined', 'cancelled', 'expired', 'failed')),
            version INTEGER NOT NULL CHECK (version > 0),
            reason TEXT,
            reported_by TEXT,
            created_at INTEGER NOT NULL,
            expires_at INTEGER NOT NULL CHECK (expires_at > created_at),
            finished_at INTEGER,
            collected_at INTEGER,
            content BLOB,
            auth_time INTEGER,
            ticket_digest BLOB UNIQUE CHECK (length(ticket_digest) = 32),
            ticket_expires_at INTEGER,
            ticket_redeemed_at INTEGER,
            CHECK ((status IN ('pending', 'opened')) = (finished_at IS NULL)),
            CHECK (content IS NULL OR status = 'completed'),
            CHECK (collected_at IS NULL OR (status = 'completed' AND content IS NULL)),
            CHECK ((ticket_digest IS NULL) = (ticket_expires_at IS NULL))
        ) STRICT
        """

    private static let elicitationsByPage = "CREATE UNIQUE INDEX elicitations_by_page ON elicitations (page_id)"
    private static let elicitationsByKey = """
        CREATE UNIQUE INDEX elicitations_by_key ON elicitations (resource_id, user_id, client_id, idempotency_key)
        WHERE idempotency_key IS NOT NULL AND status IN ('pending', 'opened', 'completed')
        """
    private static let elicitationsByDigest = """
        CREATE INDEX elicitations_by_digest ON elicitations (session_id, digest)
        WHERE status IN ('pending', 'opened', 'completed') AND collected_at IS NULL
        """
    private static let openByPerson = """
        CREATE INDEX open_elicitations_by_person ON elicitations (user_id, resource_id)
        WHERE status IN ('pending', 'opened')
        """
    private static let elicitationsByPerson = """
        CREATE INDEX elicitations_by_person ON elicitations (user_id, resource_id, created_at)
        """
    private static let openBySession = """
        CREATE INDEX open_elicitations_by_session ON elicitations (session_id) WHERE status IN ('pending', 'opened')
        """
    private static let openByEnd = """
        CREATE INDEX open_elicitations_by_end ON elicitations (expires_at) WHERE status IN ('pending', 'opened')
        """
    private static let uncollected = """
        CREATE INDEX uncollected_elicitations ON elicitations (finished_at) WHERE content IS NOT NULL
        """
    private static let elicitationsByAge = "CREATE INDEX elicitations_by_age ON elicitations (created_at, id)"
    private static let elicitationsByUser = """
        CREATE INDEX elicitations_by_user ON elicitations (user_id, created_at, id)
        """
    private static let openByUser = """
        CREATE INDEX open_elicitations_by_user ON elicitations (user_id, expires_at, id)
        WHERE status IN ('pending', 'opened')
        """
}
