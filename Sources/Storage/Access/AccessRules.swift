package import OAuth

/// The rules that say who may use an MCP server and its scopes.
package struct AccessRules: Noun {
    let transaction: Transaction
}

extension AccessRules {
    /// The rule of an MCP server as far as it concerns a user. One statement, because refreshes and introspections wait for it.
    package func rule(at resource: ResourceID, for user: UserID) throws -> AccessRule {
        var rule = AccessRule()
        var implied: [Scope: ScopeSet] = [:]
        for part in try all(Self.parts, resource.string, user.string, as: { try RulePart($0) }) {
            switch part {
            case .policy(let isRestricted, let groupAge):
                rule.isRestricted = isRestricted
                rule.groupAge = groupAge ?? AccessRule.usualGroupAge
            case .scope(let scope, let isRestricted, let implies):
                if isRestricted { rule.restrictedScopes[scope] = [] }
                implied[scope] = implies
            case .user: rule.listsUser = true
            case .group(nil, let membership): rule.memberships.append(membership)
            case .group(let scope?, let membership): rule.restrictedScopes[scope]?.append(membership)
            }
        }
        rule.implications = ScopeImplications(implied)
        return rule
    }

    // Each part is one look-up by a key or an index. The groups of scopes come after the scopes that they belong to.
    static let parts = """
        SELECT 'policy', NULL, NULL, NULL, p.is_restricted, p.group_age FROM resource_policies p WHERE p.resource_id = ?1
        UNION ALL
        SELECT 'scope', s.scope, s.implies, NULL, s.is_restricted, NULL FROM resource_scopes s
        WHERE s.resource_id = ?1 AND (s.is_restricted = 1 OR s.implies <> '')
        UNION ALL
        SELECT 'user', NULL, NULL, NULL, NULL, NULL FROM access_users a WHERE a.resource_id = ?1 AND a.user_id = ?2
        UNION ALL
        SELECT 'group', a.scope, g.name, m.source, m.learnt_at, NULL
        FROM group_members m CROSS JOIN access_groups a CROSS JOIN user_groups g
        WHERE m.user_id = ?2 AND a.resource_id = ?1 AND a.group_id = m.group_id AND g.id = m.group_id
        """

    /// The rule of an MCP server, as an administrator set it.
    package func settings(of resource: ResourceID) throws -> AccessSettings {
        var settings = AccessSettings()
        let policy = try first(
            "SELECT is_restricted, group_age FROM resource_policies WHERE resource_id = ?1", resource.string
        ) { (isRestricted: try $0.flag(0), groupAge: try $0.integerIfAny(1)) }
        if policy?.isRestricted == true {
            settings.list = AccessList(
                users: try all(
                    """
                    SELECT u.id FROM access_users a JOIN users u ON u.id = a.user_id
                    WHERE a.resource_id = ?1 ORDER BY u.name_key
                    """, resource.string
                ) { try $0.id(0) }, groups: try groups(of: "", at: resource))
        }
        settings.groupAge = policy?.groupAge
        let restricted = try all(
            "SELECT scope FROM resource_scopes WHERE resource_id = ?1 AND is_restricted = 1 ORDER BY position",
            resource.string
        ) { try Scope($0.text(0)) }
        for scope in restricted { settings.scopes[scope] = try groups(of: scope.string, at: resource) }
        return settings
    }

    private func groups(of scope: String, at resource: ResourceID) throws -> [GroupID] {
        try all(
            """
            SELECT g.id FROM access_groups a JOIN user_groups g ON g.id = a.group_id
            WHERE a.resource_id = ?1 AND a.scope = ?2 ORDER BY g.name_key
            """, resource.string, scope
        ) { try $0.id(0) }
    }

    /// Sets the rule of an MCP server in place of the earlier one. Scopes that the MCP server does not have are skipped.
    ///
    /// No session ends here. The caller ends those of users who lost access, and the standing rule ends any other at its next use.
    package func set(_ settings: AccessSettings, of resource: ResourceID) throws {
        try execute(
            """
            INSERT INTO resource_policies
                (resource_id, elicitation_kinds, external_hosts, is_restricted, restricts_scopes, group_age)
            VALUES (?1, ?2, '', ?3, ?4, ?5)
            ON CONFLICT (resource_id) DO UPDATE SET is_restricted = excluded.is_restricted,
                restricts_scopes = excluded.restricts_scopes, group_age = excluded.group_age
            """, resource.string, ResourcePolicy().elicitationKinds.map(\.rawValue).joined(separator: " "),
            settings.list == nil ? 0 : 1,
            settings.scopes.isEmpty ? 0 : 1, settings.groupAge)
        try execute("DELETE FROM access_users WHERE resource_id = ?1", resource.string)
        try execute("DELETE FROM access_groups WHERE resource_id = ?1", resource.string)
        try execute("UPDATE resource_scopes SET is_restricted = 0 WHERE resource_id = ?1", resource.string)
        for user in settings.list?.users ?? [] {
            try execute(
                "INSERT INTO access_users (resource_id, user_id) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
                resource.string, user.string)
        }
        for group in settings.list?.groups ?? [] { try list(group, "", at: resource) }
        for (scope, groups) in settings.scopes {
            try execute(
                "UPDATE resource_scopes SET is_restricted = 1 WHERE resource_id = ?1 AND scope = ?2", resource.string,
                scope.string)
            for group in groups { try list(group, scope.string, at: resource) }
        }
    }

    private func list(_ group: GroupID, _ scope: String, at resource: ResourceID) throws {
        try execute(
            """
            INSERT INTO access_groups (resource_id, group_id, scope) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING
            """, resource.string, group.string, scope)
    }

    /// The registered MCP servers whose rule lists a group for the MCP server itself.
    package func resources(listing group: GroupID) throws -> [ResourceID] {
        try all(
            """
            SELECT a.resource_id FROM access_groups a JOIN resources r ON r.id = a.resource_id
            WHERE a.group_id = ?1 AND a.scope = '' AND r.removed_at IS NULL ORDER BY a.resource_id
            """, group.string
        ) { try $0.id(0) }
    }

    /// The names of registered MCP servers that are open to everybody, at most `limit`, by name.
    package func openToEverybody(limit: Int) throws -> [String] {
        try all(
            """
            SELECT r.name FROM resources r LEFT JOIN resource_policies p ON p.resource_id = r.id
            WHERE r.removed_at IS NULL AND coalesce(p.is_restricted, 0) = 0 ORDER BY r.name LIMIT ?1
            """, limit
        ) { try $0.text(0) }
    }
}

/// One row of a rule.
private enum RulePart {
    case policy(isRestricted: Bool, groupAge: Int64?)
    case scope(Scope, isRestricted: Bool, implies: ScopeSet)
    case user
    /// A membership in a group that the rule lists, for a scope or, with nil, for the MCP server itself.
    case group(Scope?, GroupMembership)

    init(_ row: StoredRow) throws {
        switch try row.text(0) {
        case "policy": self = .policy(isRestricted: try row.flag(4), groupAge: try row.integerIfAny(5))
        case "scope":
            self = .scope(
                try Scope(row.text(1)), isRestricted: try row.flag(4), implies: try ScopeSet(parsing: row.text(2)))
        case "user": self = .user
        default:
            let scope = try row.text(1)
            self = .group(
                scope.isEmpty ? nil : try Scope(scope),
                GroupMembership(
                    group: try row.text(2), source: GroupSource(stored: try row.text(3)),
                    learntAt: try row.timeIfAny(4)))
        }
    }
}
