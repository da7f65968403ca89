/// Tables of elicitations, of the policies that allow them, and of the events that report their ends.
enum ElicitationTables {
    static let statements = [
        policies, elicitations, elicitationsByPage, elicitationsByKey, elicitationsByDigest, openByPerson,
        elicitationsByPerson,
        openBySession,
        openByEnd, uncollected, elicitationsByAge, events, eventsByResource, eventsByAge, eventsByElicitation, streams,
        misdirected,
    ]

    // Without a row an MCP server may only ask for confirmations.
    private static let policies = """
        CREATE TABLE resource_policies (
            resource_id TEXT NOT NULL PRIMARY KEY REFERENCES resources (id),
            elicitation_kinds TEXT NOT NULL,
            external_hosts TEXT NOT NULL
        ) STRICT, WITHOUT ROWID
        """

    // One row an elicitation. The session is no reference: an elicitation outlives a deleted session as history.
    private static let elicitations = """
        CREATE TABLE elicitations (
            id TEXT NOT NULL PRIMARY KEY,
            page_id TEXT NOT NULL,
            resource_id TEXT NOT NULL REFERENCES resources (id),
            user_id TEXT NOT NULL REFERENCES users (id),
            subject TEXT NOT NULL,
            client_id TEXT NOT NULL,
            session_id TEXT NOT NULL,
            kind TEXT NOT NULL CHECK (kind IN ('confirm', 'secret', 'connect', 'external')),
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

    // Read whenever another user opens a page, so that each user leaves one record and no scan of the trail.
    private static let misdirected = """
        CREATE INDEX misdirected_elicitations ON audit (correlation, user_id) WHERE action = 'elicitation.wrong_person'
        """

    // `sequence` only orders a queue; it never leaves the database.
    private static let events = """
        CREATE TABLE events (
            sequence INTEGER NOT NULL PRIMARY KEY,
            id TEXT NOT NULL UNIQUE,
            resource_id TEXT NOT NULL REFERENCES resources (id),
            elicitation_id TEXT,
            type TEXT NOT NULL,
            subject TEXT,
            payload TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('waiting', 'delivered', 'dead')),
            attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
            due_at INTEGER NOT NULL,
            settled_at INTEGER,
            last_status INTEGER,
            last_error TEXT,
            CHECK ((state = 'waiting') = (settled_at IS NULL))
        ) STRICT
        """

    private static let eventsByResource = """
        CREATE INDEX waiting_events ON events (resource_id, due_at, sequence) WHERE state = 'waiting'
        """
    private static let eventsByAge = "CREATE INDEX events_by_age ON events (state, settled_at, created_at)"
    private static let eventsByElicitation = """
        CREATE INDEX events_by_elicitation ON events (elicitation_id) WHERE elicitation_id IS NOT NULL
        """

    // One endpoint for each MCP server; it receives events after its verification.
    private static let streams = """
        CREATE TABLE event_streams (
            resource_id TEXT NOT NULL PRIMARY KEY REFERENCES resources (id),
            endpoint TEXT NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('unverified', 'active', 'disabled')),
            challenge_digest BLOB CHECK (length(challenge_digest) = 32),
            challenge_expires_at INTEGER,
            verified_at INTEGER,
            attempts INTEGER NOT NULL DEFAULT 0,
            due_at INTEGER NOT NULL,
            last_status INTEGER,
            last_error TEXT,
            CHECK ((challenge_digest IS NULL) = (challenge_expires_at IS NULL))
        ) STRICT, WITHOUT ROWID
        """
}
