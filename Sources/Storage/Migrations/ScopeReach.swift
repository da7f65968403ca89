/// Columns for the scopes that a scope includes, the tools that it permits, and the maximum age of the sign-in.
enum ScopeReach {
    static let statements = [
        "ALTER TABLE resource_scopes ADD COLUMN implies TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE resource_scopes ADD COLUMN tools TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE resource_scopes ADD COLUMN fresh_seconds INTEGER CHECK (fresh_seconds > 0)",
    ]
}
