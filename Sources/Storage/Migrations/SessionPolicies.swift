/// Columns for the limits of the sessions at one MCP server; NULL and '' leave them to the configuration.
enum SessionPolicies {
    static let statements = [
        column("longest_session INTEGER CHECK (longest_session BETWEEN 60 AND 31536000)"),
        column("idle_limit INTEGER CHECK (idle_limit BETWEEN 60 AND 31536000)"),
        column("session_choices TEXT NOT NULL DEFAULT '' CHECK (session_choices NOT GLOB '*[^0-9 ]*')"),
        column("token_life INTEGER CHECK (token_life BETWEEN 60 AND 3600)"),
        // Hosts are separated by blanks, which the query relies on.
        column("client_hosts TEXT NOT NULL DEFAULT '' CHECK (client_hosts = lower(client_hosts))"),
    ]

    private static func column(_ definition: String) -> String {
        "ALTER TABLE resource_policies ADD COLUMN \(definition)"
    }
}
