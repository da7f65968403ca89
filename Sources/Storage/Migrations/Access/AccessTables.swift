/// Groups of users with their members, and the rules that say who may use an MCP server and its scopes.
///
/// Whether a rule exists is a column of its own. A rule whose last user or group is removed lists nobody; it does not vanish and
/// admit everybody.
enum AccessTables {
    static let statements = [
        groups, groupsByClaim, members, membersByGroup, listedGroups, listedGroupsByGroup, listedUsers,
        column("resource_policies", "is_restricted INTEGER NOT NULL DEFAULT 0 CHECK (is_restricted IN (0, 1))"),
        column("resource_policies", "restricts_scopes INTEGER NOT NULL DEFAULT 0 CHECK (restricts_scopes IN (0, 1))"),
        column("resource_policies", "group_age INTEGER CHECK (group_age BETWEEN 60 AND 31536000)"),
        column("resource_scopes", "is_restricted INTEGER NOT NULL DEFAULT 0 CHECK (is_restricted IN (0, 1))"),
    ]

    private static func column(_ table: String, _ definition: String) -> String {
        "ALTER TABLE \(table) ADD COLUMN \(definition)"
    }

    // A group of an identity provider has the value by which the provider names it; no other provider can fill it.
    private static let groups = """
        CREATE TABLE user_groups (
            id TEXT NOT NULL PRIMARY KEY,
            name TEXT NOT NULL CHECK (name <> ''),
            name_key TEXT NOT NULL UNIQUE,
            source TEXT NOT NULL CHECK (source <> ''),
            claim TEXT CHECK (claim <> ''),
            created_at INTEGER NOT NULL,
            CHECK ((source = 'local') = (claim IS NULL))
        ) STRICT
        """

    private static let groupsByClaim = """
        CREATE UNIQUE INDEX user_groups_by_claim ON user_groups (source, claim) WHERE claim IS NOT NULL
        """

    // A membership by an administrator has no age.
    private static let members = """
        CREATE TABLE group_members (
            user_id TEXT NOT NULL REFERENCES users (id),
            group_id TEXT NOT NULL REFERENCES user_groups (id) ON DELETE CASCADE,
            source TEXT NOT NULL,
            learnt_at INTEGER,
            PRIMARY KEY (user_id, group_id, source),
            CHECK ((source = 'local') = (learnt_at IS NULL))
        ) STRICT, WITHOUT ROWID
        """

    private static let membersByGroup = "CREATE INDEX group_members_by_group ON group_members (group_id, user_id)"

    // The empty scope stands for the MCP server itself.
    private static let listedGroups = """
        CREATE TABLE access_groups (
            resource_id TEXT NOT NULL REFERENCES resources (id),
            group_id TEXT NOT NULL REFERENCES user_groups (id) ON DELETE CASCADE,
            scope TEXT NOT NULL,
            PRIMARY KEY (resource_id, group_id, scope)
        ) STRICT, WITHOUT ROWID
        """

    private static let listedGroupsByGroup = "CREATE INDEX access_groups_by_group ON access_groups (group_id)"

    private static let listedUsers = """
        CREATE TABLE access_users (
            resource_id TEXT NOT NULL REFERENCES resources (id),
            user_id TEXT NOT NULL REFERENCES users (id),
            PRIMARY KEY (resource_id, user_id)
        ) STRICT, WITHOUT ROWID
        """
}
