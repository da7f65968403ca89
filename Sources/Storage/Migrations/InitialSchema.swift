/// The first schema: users, MCP servers, clients, sessions and the audit chain.
enum InitialSchema {
    static let statements = [
        "PRAGMA application_id = \(Schema.applicationID)",
        "CREATE TABLE meta (key TEXT NOT NULL PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID",
        users, resources, resourcesByIdentifier, resourceScopes,
        clients, clientResources, clientRules, documents, documentsByAge,
        browserSessions, browserSessionsByUser, browserSessionsByEnd,
        knownBrowsers, knownBrowsersByAge,
        interactions, interactionsByUser, interactionsByEnd, interactionsByBrowser, interactionsBySession,
        sessions, sessionsByUser, sessionsByClient, sessionsByResource, sessionsByHost, sessionsByStart,
        sessionsByEnd, sessionsByKey,
        codes, codesByEnd,
        audit, auditIsKept, auditIsNotEdited,
    ]

    // One row an account, which is never deleted: sessions and audit records name it.
    private static let users = """
        CREATE TABLE users (
            id TEXT NOT NULL PRIMARY KEY,
            subject TEXT NOT NULL UNIQUE,
            name TEXT NOT NULL CHECK (name <> ''),
            name_key TEXT NOT NULL UNIQUE,
            email TEXT,
            password_hash TEXT NOT NULL,
            disabled_at INTEGER,
            created_at INTEGER NOT NULL
        ) STRICT
        """

    private static let resources = """
        CREATE TABLE resources (
            id TEXT NOT NULL PRIMARY KEY,
            identifier TEXT NOT NULL,
            comparable TEXT NOT NULL,
            name TEXT NOT NULL,
            owner TEXT NOT NULL CHECK (owner <> ''),
            secret_digest BLOB NOT NULL CHECK (length(secret_digest) = 32),
            events_endpoint TEXT,
            disabled_at INTEGER,
            removed_at INTEGER,
            created_at INTEGER NOT NULL
        ) STRICT
        """

    // A removed MCP server keeps its row for the sessions and audit records that name it. Its identifier is free again.
    private static let resourcesByIdentifier = """
        CREATE UNIQUE INDEX resources_by_identifier ON resources (comparable) WHERE removed_at IS NULL
        """

    // The scopes of an MCP server; `position` is their order on the consent page.
    private static let resourceScopes = """
        CREATE TABLE resource_scopes (
            resource_id TEXT NOT NULL REFERENCES resources (id),
            scope TEXT NOT NULL CHECK (scope <> ''),
            position INTEGER NOT NULL,
            description TEXT NOT NULL,
            on_request INTEGER NOT NULL CHECK (on_request IN (0, 1)),
            PRIMARY KEY (resource_id, scope)
        ) STRICT, WITHOUT ROWID
        """

    // Registered clients. A removed client loses its row, and its sessions end.
    private static let clients = """
        CREATE TABLE clients (
            id TEXT NOT NULL PRIMARY KEY,
            name TEXT NOT NULL,
            redirect_uris TEXT NOT NULL,
            auth_method TEXT NOT NULL,
            grant_types TEXT NOT NULL,
            secret_digest BLOB CHECK (length(secret_digest) = 32),
            created_at INTEGER NOT NULL,
            CHECK ((auth_method = 'none') = (secret_digest IS NULL))
        ) STRICT
        """

    // The MCP servers that a registered client is restricted to; without rows it may use all.
    private static let clientResources = """
        CREATE TABLE client_resources (
            client_id TEXT NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
            resource_id TEXT NOT NULL REFERENCES resources (id),
            PRIMARY KEY (client_id, resource_id)
        ) STRICT, WITHOUT ROWID
        """

    // Rules of administrators about clients and hosts, which override the configuration.
    private static let clientRules = """
        CREATE TABLE client_rules (
            kind TEXT NOT NULL CHECK (kind IN ('client', 'host')),
            name TEXT NOT NULL CHECK (name <> ''),
            rule TEXT NOT NULL CHECK (rule IN ('allow', 'block')),
            created_at INTEGER NOT NULL,
            PRIMARY KEY (kind, name)
        ) STRICT, WITHOUT ROWID
        """

    // Metadata documents of clients, as fetched. The housekeeper deletes them 30 days after the last confirmation.
    private static let documents = """
        CREATE TABLE documents (
            client_id TEXT NOT NULL PRIMARY KEY,
            bytes BLOB NOT NULL,
            digest BLOB NOT NULL CHECK (length(digest) = 32),
            fetched_at INTEGER NOT NULL,
            expires_at INTEGER NOT NULL,
            last_good_at INTEGER NOT NULL
        ) STRICT
        """

    private static let documentsByAge = "CREATE INDEX documents_by_age ON documents (last_good_at)"

    // One row a login of a user in a browser, found by the digest of its cookie; deleted at its end.
    private static let browserSessions = """
        CREATE TABLE browser_sessions (
            id TEXT NOT NULL PRIMARY KEY,
            digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 32),
            user_id TEXT NOT NULL REFERENCES users (id),
            binding BLOB NOT NULL CHECK (length(binding) = 32),
            auth_time INTEGER NOT NULL,
            created_at INTEGER NOT NULL,
            last_seen_at INTEGER NOT NULL,
            expires_at INTEGER NOT NULL CHECK (expires_at > created_at)
        ) STRICT
        """

    private static let browserSessionsByUser = "CREATE INDEX browser_sessions_by_user ON browser_sessions (user_id)"
    private static let browserSessionsByEnd = "CREATE INDEX browser_sessions_by_end ON browser_sessions (expires_at)"

    // The browsers in which a user has signed in, kept longer than the logins.
    private static let knownBrowsers = """
        CREATE TABLE known_browsers (
            user_id TEXT NOT NULL REFERENCES users (id),
            binding BLOB NOT NULL CHECK (length(binding) = 32),
            last_seen_at INTEGER NOT NULL,
            PRIMARY KEY (user_id, binding)
        ) STRICT, WITHOUT ROWID
        """
    private static let knownBrowsersByAge = "CREATE INDEX known_browsers_by_age ON known_browsers (last_seen_at)"

    // One row a request that waits for its user; it ends with the login that began it.
    private static let interactions = """
        CREATE TABLE interactions (
            id TEXT NOT NULL PRIMARY KEY,
            browser_session_id TEXT NOT NULL REFERENCES browser_sessions (id) ON DELETE CASCADE,
            user_id TEXT NOT NULL REFERENCES users (id),
            request TEXT NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('pending', 'approved', 'denied')),
            session_id TEXT,
            created_at INTEGER NOT NULL,
            expires_at INTEGER NOT NULL,
            CHECK ((state = 'approved') = (session_id IS NOT NULL))
        ) STRICT
        """

    private static let interactionsByUser = "CREATE INDEX interactions_by_user ON interactions (user_id, state)"
    private static let interactionsByEnd = "CREATE INDEX interactions_by_end ON interactions (expires_at)"
    private static let interactionsByBrowser = """
        CREATE INDEX interactions_by_browser ON interactions (browser_session_id)
        """
    private static let interactionsBySession = """
        CREATE UNIQUE INDEX interactions_by_session ON interactions (session_id) WHERE session_id IS NOT NULL
        """

    // One row an approval. It stays for 90 days after its end, so that an end can be looked up.
    private static let sessions = """
        CREATE TABLE sessions (
            id TEXT NOT NULL PRIMARY KEY,
            user_id TEXT NOT NULL REFERENCES users (id),
            client_id TEXT NOT NULL,
            client_name TEXT NOT NULL,
            client_host TEXT,
            resource_id TEXT NOT NULL REFERENCES resources (id),
            scope TEXT NOT NULL,
            redirect_uri TEXT NOT NULL,
            binding BLOB NOT NULL CHECK (length(binding) = 32),
            state TEXT NOT NULL CHECK (state IN ('approved', 'active', 'ended', 'expired')),
            created_at INTEGER NOT NULL,
            expires_at INTEGER NOT NULL CHECK (expires_at > created_at),
            idle_seconds INTEGER NOT NULL CHECK (idle_seconds > 0),
            last_used_at INTEGER NOT NULL,
            ended_at INTEGER,
            end_reason TEXT,
            ended_by TEXT,
            auth_time INTEGER NOT NULL,
            acr TEXT,
            document_digest BLOB CHECK (length(document_digest) = 32),
            generation INTEGER NOT NULL DEFAULT 0 CHECK (generation BETWEEN 0 AND 4294967295),
            turn_1 INTEGER, turn_2 INTEGER, turn_3 INTEGER, turn_4 INTEGER,
            refresh_key TEXT NOT NULL,
            replaces TEXT,
            CHECK ((state IN ('ended', 'expired')) = (ended_at IS NOT NULL)),
            CHECK (state <> 'active' OR generation > 0)
        ) STRICT
        """

    // A refresh changes none of these columns, so it writes one row and no index.
    private static let sessionsByUser = "CREATE INDEX sessions_by_user ON sessions (user_id, created_at, id)"
    private static let sessionsByClient = "CREATE INDEX sessions_by_client ON sessions (client_id, created_at, id)"
    private static let sessionsByResource =
        "CREATE INDEX sessions_by_resource ON sessions (resource_id, created_at, id)"
    private static let sessionsByStart = "CREATE INDEX sessions_by_start ON sessions (created_at, id)"
    private static let sessionsByHost = """
        CREATE INDEX sessions_by_host ON sessions (client_host, created_at, id) WHERE client_host IS NOT NULL
        """
    private static let sessionsByEnd = """
        CREATE INDEX sessions_by_end ON sessions (expires_at) WHERE state IN ('approved', 'active')
        """
    private static let sessionsByKey = """
        CREATE INDEX sessions_by_key ON sessions (refresh_key)
        WHERE state IN ('approved', 'active')
        """

    // One row an authorization code, by its digest. It stays as long as its session, to detect a second use.
    private static let codes = """
        CREATE TABLE codes (
            digest BLOB NOT NULL PRIMARY KEY CHECK (length(digest) = 32),
            session_id TEXT NOT NULL UNIQUE REFERENCES sessions (id) ON DELETE CASCADE,
            interaction_id TEXT NOT NULL UNIQUE,
            client_id TEXT NOT NULL,
            redirect_uri TEXT NOT NULL,
            challenge TEXT NOT NULL,
            expires_at INTEGER NOT NULL,
            failures INTEGER NOT NULL DEFAULT 0 CHECK (failures BETWEEN 0 AND 3),
            spent_at INTEGER,
            CHECK (failures < 3 OR spent_at IS NOT NULL)
        ) STRICT
        """

    // Unredeemed codes: still open, or spent by wrong verifiers.
    private static let codesByEnd = """
        CREATE INDEX codes_by_end ON codes (expires_at) WHERE spent_at IS NULL OR failures = 3
        """

    // The main audit chain. The triggers stop the server itself from changing it; an attacker is stopped by checkpoints.
    private static let audit = """
        CREATE TABLE audit (
            sequence INTEGER NOT NULL PRIMARY KEY CHECK (sequence > 0),
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
            evidence TEXT NOT NULL CHECK (evidence IN ('witnessed', 'reported')),
            reported_by TEXT,
            correlation TEXT,
            admin_uid INTEGER,
            admin_claimed TEXT,
            previous BLOB NOT NULL CHECK (length(previous) = 32),
            hash BLOB NOT NULL CHECK (length(hash) = 32),
            CHECK ((evidence = 'reported') = (reported_by IS NOT NULL))
        ) STRICT
        """

    private static let auditIsKept = """
        CREATE TRIGGER audit_is_kept BEFORE DELETE ON audit
        BEGIN SELECT raise(ABORT, 'audit records are never deleted'); END
        """
    private static let auditIsNotEdited = """
        CREATE TRIGGER audit_is_not_edited BEFORE UPDATE ON audit
        BEGIN SELECT raise(ABORT, 'audit records are never edited'); END
        """
}
