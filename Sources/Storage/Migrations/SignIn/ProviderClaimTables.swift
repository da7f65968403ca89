/// Identity providers at which Gatehouse authenticates with a key, what each said about a user last, and the refresh tokens with
/// which it is asked for groups again.
///
/// SQLite cannot change a CHECK, so the table of providers is rebuilt. Foreign keys are off meanwhile and checked afterwards.
enum ProviderClaimTables {
    static let statements = [
        providers,
        """
        INSERT INTO identity_providers_anew
        SELECT name, issuer, authorization_endpoint, token_endpoint, token_endpoint_is_foreign, keys_url, keys_are_foreign,
            client_id, client_secret, auth_method, NULL, sends_issuer, scope, '[]', accounts, domains, group_claim,
            required_groups, 0, logout_revokes_sessions, created_at FROM identity_providers
        """,
        "DROP TABLE identity_providers", "ALTER TABLE identity_providers_anew RENAME TO identity_providers",
        "ALTER TABLE upstream_identities ADD COLUMN statement TEXT",
        refreshTokens, refreshTokensByTurn, refreshTokensByIdentity, forgetDisabled,
    ]

    // Lists are JSON arrays. The audience belongs to the assertions of `private_key_jwt`.
    private static let providers = """
        CREATE TABLE identity_providers_anew (
            name TEXT NOT NULL PRIMARY KEY,
            issuer TEXT NOT NULL,
            authorization_endpoint TEXT NOT NULL,
            token_endpoint TEXT NOT NULL,
            token_endpoint_is_foreign INTEGER NOT NULL CHECK (token_endpoint_is_foreign IN (0, 1)),
            keys_url TEXT NOT NULL,
            keys_are_foreign INTEGER NOT NULL CHECK (keys_are_foreign IN (0, 1)),
            client_id TEXT NOT NULL,
            client_secret BLOB,
            auth_method TEXT NOT NULL
                CHECK (auth_method IN ('none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt')),
            assertion_audience TEXT CHECK (assertion_audience IN ('token_endpoint', 'issuer')),
            sends_issuer INTEGER NOT NULL CHECK (sends_issuer IN (0, 1)),
            scope TEXT NOT NULL CHECK (scope <> ''),
            contexts TEXT NOT NULL,
            accounts TEXT NOT NULL CHECK (accounts IN ('create', 'link', 'invited')),
            domains TEXT NOT NULL,
            group_claim TEXT CHECK (group_claim <> ''),
            required_groups TEXT NOT NULL,
            refreshes_groups INTEGER NOT NULL CHECK (refreshes_groups IN (0, 1)),
            logout_revokes_sessions INTEGER NOT NULL CHECK (logout_revokes_sessions IN (0, 1)),
            created_at INTEGER NOT NULL,
            CHECK ((auth_method IN ('none', 'private_key_jwt')) = (client_secret IS NULL)),
            CHECK ((auth_method = 'private_key_jwt') = (assertion_audience IS NOT NULL)),
            CHECK (required_groups = '[]' OR group_claim IS NOT NULL),
            CHECK (refreshes_groups = 0 OR group_claim IS NOT NULL)
        ) STRICT, WITHOUT ROWID
        """

    // One row an account at a provider; the token is sealed. It goes with its account here and with its provider.
    private static let refreshTokens = """
        CREATE TABLE upstream_refresh_tokens (
            account BLOB NOT NULL PRIMARY KEY CHECK (length(account) = 32),
            issuer TEXT NOT NULL,
            subject TEXT NOT NULL,
            provider TEXT NOT NULL REFERENCES identity_providers (name) ON DELETE CASCADE,
            token BLOB NOT NULL,
            created_at INTEGER NOT NULL,
            tried_at INTEGER NOT NULL,
            FOREIGN KEY (issuer, subject) REFERENCES upstream_identities (issuer, subject) ON DELETE CASCADE
        ) STRICT
        """
    private static let refreshTokensByTurn =
        "CREATE INDEX upstream_refresh_tokens_by_turn ON upstream_refresh_tokens (tried_at)"
    private static let refreshTokensByIdentity =
        "CREATE INDEX upstream_refresh_tokens_by_identity ON upstream_refresh_tokens (issuer, subject)"

    // A trigger, so that no way to disable a user leaves a token behind with which the provider could be asked.
    private static let forgetDisabled = """
        CREATE TRIGGER disabled_user_is_not_asked_about AFTER UPDATE OF disabled_at ON users
        WHEN NEW.disabled_at IS NOT NULL
        BEGIN
            DELETE FROM upstream_refresh_tokens WHERE (issuer, subject) IN (
                SELECT issuer, subject FROM upstream_identities WHERE user_id = NEW.id);
        END
        """
}
