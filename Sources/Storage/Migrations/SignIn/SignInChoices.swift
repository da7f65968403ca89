/// The sign-out at identity providers, the e-mail domains whose users sign in at one, and the MCP servers whose users do.
enum SignInChoices {
    static let statements = [
        "ALTER TABLE identity_providers ADD COLUMN end_session_endpoint TEXT", homeDomains, homeDomainsByProvider,
        requiredProviders,
    ]

    // A domain leads to one provider.
    private static let homeDomains = """
        CREATE TABLE home_domains (
            domain TEXT NOT NULL PRIMARY KEY,
            provider TEXT NOT NULL REFERENCES identity_providers (name) ON DELETE CASCADE
        ) STRICT, WITHOUT ROWID
        """
    private static let homeDomainsByProvider = "CREATE INDEX home_domains_by_provider ON home_domains (provider)"

    // The row outlives the provider's: an MCP server whose provider was removed must not open to every other sign-in.
    private static let requiredProviders = """
        CREATE TABLE required_identity_providers (
            resource_id TEXT NOT NULL PRIMARY KEY REFERENCES resources (id) ON DELETE CASCADE,
            provider TEXT NOT NULL
        ) STRICT, WITHOUT ROWID
        """
}
