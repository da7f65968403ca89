/// Tables of identity providers, of the accounts that belong to their accounts, of sign-ins that are under way, and of the
/// browser logins that they vouched for.
enum IdentityProviderTables {
    static let statements = [
        providers, identities, identitiesByUser, attempts, attemptsByBrowser, attemptsByEnd, attemptCount, noAttempts,
        countAttempt, uncountAttempt, logins, loginsBySession, loginsBySubject,
    ]

    // One row a provider, with Gatehouse's client registration there; the secret is sealed. Lists are JSON arrays.
    private static let providers = """
        CREATE TABLE identity_providers (
            name TEXT NOT NULL PRIMARY KEY,
            issuer TEXT NOT NULL,
            authorization_endpoint TEXT NOT NULL,
            token_endpoint TEXT NOT NULL,
            token_endpoint_is_foreign INTEGER NOT NULL CHECK (token_endpoint_is_foreign IN (0, 1)),
            keys_url TEXT NOT NULL,
            keys_are_foreign INTEGER NOT NULL CHECK (keys_are_foreign IN (0, 1)),
            client_id TEXT NOT NULL,
            client_secret BLOB,
            auth_method TEXT NOT NULL CHECK (auth_method IN ('none', 'client_secret_basic', 'client_secret_post')),
            sends_issuer INTEGER NOT NULL CHECK (sends_issuer IN (0, 1)),
            scope TEXT NOT NULL CHECK (scope <> ''),
            accounts TEXT NOT NULL CHECK (accounts IN ('create', 'link', 'invited')),
            domains TEXT NOT NULL,
            group_claim TEXT CHECK (group_claim <> ''),
            required_groups TEXT NOT NULL,
            logout_revokes_sessions INTEGER NOT NULL CHECK (logout_revokes_sessions IN (0, 1)),
            created_at INTEGER NOT NULL,
            CHECK ((auth_method = 'none') = (client_secret IS NULL)),
            CHECK (required_groups = '[]' OR group_claim IS NOT NULL)
        ) STRICT, WITHOUT ROWID
        """

    // An account at a provider is its issuer and subject, never a name or an address. The row outlives the provider's, so that a
    // provider that is added again finds its users.
    private static let identities = """
        CREATE TABLE upstream_identities (
            issuer TEXT NOT NULL,
            subject TEXT NOT NULL,
            user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
            provider TEXT NOT NULL,
            name TEXT,
            email TEXT,
            created_at INTEGER NOT NULL,
            used_at INTEGER NOT NULL,
            PRIMARY KEY (issuer, subject)
        ) STRICT, WITHOUT ROWID
        """
    private static let identitiesByUser = """
        CREATE INDEX upstream_identities_by_user ON upstream_identities (user_id, created_at)
        """

    // An authentication request at a provider. A request to link an account ends with the login in which it began.
    private static let attempts = """
        CREATE TABLE sign_in_attempts (
            state_digest BLOB NOT NULL PRIMARY KEY CHECK (length(state_digest) = 32),
            provider TEXT NOT NULL REFERENCES identity_providers (name) ON DELETE CASCADE,
            binding BLOB NOT NULL CHECK (length(binding) = 32),
            browser_login_id TEXT REFERENCES browser_logins (id) ON DELETE CASCADE,
            proof BLOB NOT NULL,
            created_at INTEGER NOT NULL,
            expires_at INTEGER NOT NULL CHECK (expires_at > created_at),
            spent_at INTEGER
        ) STRICT
        """
    private static let attemptsByBrowser = """
        CREATE INDEX sign_in_attempts_by_browser ON sign_in_attempts (binding, created_at)
        """
    private static let attemptsByEnd = "CREATE INDEX sign_in_attempts_by_end ON sign_in_attempts (expires_at)"

    // Triggers keep the count, so that a full table is noticed without counting its rows.
    private static let attemptCount = """
        CREATE TABLE sign_in_attempt_count (id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1), count INTEGER NOT NULL) STRICT
        """
    private static let noAttempts = "INSERT INTO sign_in_attempt_count (id, count) VALUES (1, 0)"
    private static let countAttempt = """
        CREATE TRIGGER sign_in_attempt_is_counted AFTER INSERT ON sign_in_attempts
        BEGIN UPDATE sign_in_attempt_count SET count = count + 1; END
        """
    private static let uncountAttempt = """
        CREATE TRIGGER sign_in_attempt_is_forgotten AFTER DELETE ON sign_in_attempts
        BEGIN UPDATE sign_in_attempt_count SET count = count - 1; END
        """

    // What a login learnt from its provider. A login with a password has no row.
    private static let logins = """
        CREATE TABLE upstream_logins (
            browser_login_id TEXT NOT NULL PRIMARY KEY REFERENCES browser_logins (id) ON DELETE CASCADE,
            provider TEXT NOT NULL,
            issuer TEXT NOT NULL,
            subject TEXT NOT NULL,
            session_id TEXT
        ) STRICT, WITHOUT ROWID
        """
    private static let loginsBySession =
        "CREATE INDEX upstream_logins_by_session ON upstream_logins (issuer, session_id)"
    private static let loginsBySubject = "CREATE INDEX upstream_logins_by_subject ON upstream_logins (issuer, subject)"
}
