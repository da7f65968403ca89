/// Columns for the other names of a provider's scopes, and for endpoints that only the provider's metadata names.
enum ProviderLimits {
    static let statements = [
        "ALTER TABLE provider_rules ADD COLUMN aliases TEXT NOT NULL DEFAULT ''",
        """
        ALTER TABLE providers ADD COLUMN token_endpoint_is_foreign INTEGER NOT NULL DEFAULT 0
            CHECK (token_endpoint_is_foreign IN (0, 1))
        """,
        """
        ALTER TABLE providers ADD COLUMN revocation_endpoint_is_foreign INTEGER NOT NULL DEFAULT 0
            CHECK (revocation_endpoint_is_foreign IN (0, 1))
        """,
    ]
}
