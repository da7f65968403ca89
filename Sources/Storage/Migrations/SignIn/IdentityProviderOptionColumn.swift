/// The options of an identity provider move from a column each to one column, so that an option needs no migration.
///
/// SQLite cannot drop a column that a CHECK names, so the table is rebuilt. Foreign keys are off meanwhile and checked afterwards.
enum IdentityProviderOptionColumn {
    static let statements = [
        providers, copied, "DROP TABLE identity_providers",
        "ALTER TABLE identity_providers_anew RENAME TO identity_providers",
    ]

    // `options` is a JSON object with an array of texts for each option that is set; `listed_contexts` is a JSON array. The audience
    // belongs to the assertions of `private_key_jwt`.
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
            listed_contexts TEXT NOT NULL,
            end_session_endpoint TEXT,
            options TEXT NOT NULL CHECK (options LIKE '{%}'),
            created_at INTEGER NOT NULL,
            CHECK ((auth_method IN ('none', 'private_key_jwt')) = (client_secret IS NULL)),
            CHECK ((auth_method = 'private_key_jwt') = (assertion_audience IS NOT NULL))
        ) STRICT, WITHOUT ROWID
        """

    // A patch leaves out the members that are null: options that are not set. `offline_access` follows from group_refresh.
    private static let copied = """
        INSERT INTO identity_providers_anew
        SELECT name, issuer, authorization_endpoint, token_endpoint, token_endpoint_is_foreign, keys_url, keys_are_foreign,
            client_id, client_secret, auth_method, assertion_audience, sends_issuer, contexts, end_session_endpoint,
            json_patch('{}', json_object(
                'accounts', json(CASE accounts WHEN 'create' THEN NULL ELSE json_array(accounts) END),
                'domains', json(nullif(domains, '[]')),
                'group_claim', json(CASE WHEN group_claim IS NOT NULL THEN json_array(group_claim) END),
                'required_groups', json(nullif(required_groups, '[]')),
                'group_refresh', json(CASE refreshes_groups WHEN 1 THEN json_array('true') END),
                'logout', json(CASE logout_revokes_sessions WHEN 1 THEN json_array('sessions') END),
                'scope', json('["' || replace(
                    CASE refreshes_groups WHEN 1 THEN replace(scope, 'openid offline_access', 'openid') ELSE scope END,
                    ' ', '","') || '"]'))),
            created_at
        FROM identity_providers
        """
}
