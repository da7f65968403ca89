/// Tables of providers, of the rules for MCP servers, and of the accounts that users connected.
enum ConnectionTables {
    static let statements = [
        providers, rules, rulesByResource, connections, liveConnections, connectionsByProvider, attempts,
        attemptsByElicitation, attemptsByEnd,
    ]

    // One row a provider, with Gatehouse's client registration there; the secret is sealed.
    private static let providers = """
        CREATE TABLE providers (
            name TEXT NOT NULL PRIMARY KEY,
            owner TEXT NOT NULL CHECK (owner <> ''),
            issuer TEXT,
            authorization_endpoint TEXT NOT NULL,
            token_endpoint TEXT NOT NULL,
            revocation_endpoint TEXT,
            client_id TEXT NOT NULL,
            client_secret BLOB,
            auth_method TEXT NOT NULL CHECK (auth_method IN ('none', 'client_secret_basic', 'client_secret_post')),
            sends_issuer INTEGER NOT NULL CHECK (sends_issuer IN (0, 1)),
            created_at INTEGER NOT NULL,
            CHECK ((auth_method = 'none') = (client_secret IS NULL)),
            CHECK (sends_issuer = 0 OR issuer IS NOT NULL)
        ) STRICT, WITHOUT ROWID
        """

    // A scope without a row is denied.
    private static let rules = """
        CREATE TABLE provider_rules (
            provider TEXT NOT NULL REFERENCES providers (name) ON DELETE CASCADE,
            resource_id TEXT NOT NULL REFERENCES resources (id),
            scope TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            PRIMARY KEY (provider, resource_id)
        ) STRICT, WITHOUT ROWID
        """

    private static let rulesByResource = "CREATE INDEX provider_rules_by_resource ON provider_rules (resource_id)"

    // A connection outlives its provider's row, without tokens, as history.
    private static let connections = """
        CREATE TABLE connections (
            id TEXT NOT NULL PRIMARY KEY,
            user_id TEXT NOT NULL REFERENCES users (id),
            resource_id TEXT NOT NULL REFERENCES resources (id),
            provider TEXT NOT NULL,
            asked TEXT NOT NULL,
            scope TEXT NOT NULL,
            tokens BLOB,
            created_at INTEGER NOT NULL,
            refreshed_at INTEGER,
            ended_at INTEGER,
            end_reason TEXT,
            CHECK ((ended_at IS NULL) = (tokens IS NOT NULL)),
            CHECK ((ended_at IS NULL) = (end_reason IS NULL))
        ) STRICT
        """

    private static let liveConnections = """
        CREATE UNIQUE INDEX live_connections ON connections (user_id, resource_id, provider) WHERE ended_at IS NULL
        """
    private static let connectionsByProvider = """
        CREATE INDEX live_connections_by_provider ON connections (provider) WHERE ended_at IS NULL
        """

    // An authorization request at a provider. Signing out deletes it.
    private static let attempts = """
        CREATE TABLE connection_attempts (
            state_digest BLOB NOT NULL PRIMARY KEY CHECK (length(state_digest) = 32),
            elicitation_id TEXT NOT NULL REFERENCES elicitations (id) ON DELETE CASCADE,
            user_id TEXT NOT NULL REFERENCES users (id),
            browser_session_id TEXT NOT NULL REFERENCES browser_sessions (id) ON DELETE CASCADE,
            binding BLOB NOT NULL CHECK (length(binding) = 32),
            provider TEXT NOT NULL REFERENCES providers (name) ON DELETE CASCADE,
            asked TEXT NOT NULL,
            proof BLOB NOT NULL,
            created_at INTEGER NOT NULL,
            expires_at INTEGER NOT NULL CHECK (expires_at > created_at),
            spent_at INTEGER
        ) STRICT
        """

    private static let attemptsByElicitation = """
        CREATE INDEX connection_attempts_by_elicitation ON connection_attempts (elicitation_id, created_at)
        """
    private static let attemptsByEnd = "CREATE INDEX connection_attempts_by_end ON connection_attempts (expires_at)"
}
