/// What a scope reaches: the scopes that it includes, the tools that it unlocks, and how fresh a sign-in it wants.
enum ScopeReach {
    static let statements = [
        "ALTER TABLE resource_scopes ADD COLUMN implies TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE resource_scopes ADD COLUMN tools TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE resource_scopes ADD COLUMN fresh_seconds INTEGER CHECK (fresh_seconds > 0)",
    ]
}
