package import OAuth

/// Something that an operator lets an MCP server start by itself; what nobody listed is denied.
package struct ServerAction: Hashable, Sendable {
    /// On what terms.
    package enum Rule: String, Hashable, Sendable {
        /// It may.
        case allow
        /// It may when the person has approved it, each time.
        case ask
    }

    package let name: ActionName
    package let rule: Rule
    /// What the session has to hold for it.
    package let scope: ScopeSet

    /// An action with its terms.
    package init(name: ActionName, rule: Rule, scope: ScopeSet = []) {
        self.name = name
        self.rule = rule
        self.scope = scope
    }
}

extension Resources {
    /// What an MCP server may start by itself, by name.
    package func actions(of resource: ResourceID) throws -> [ServerAction] {
        try all(
            "SELECT name, rule, scope FROM server_actions WHERE resource_id = ?1 ORDER BY name", resource.string
        ) { try ServerAction($0) }
    }

    /// The terms of one action; nil for one that is not listed.
    package func action(_ name: ActionName, of resource: ResourceID) throws -> ServerAction? {
        try first(
            "SELECT name, rule, scope FROM server_actions WHERE resource_id = ?1 AND name = ?2", resource.string,
            name.string
        ) { try ServerAction($0) }
    }

    /// Decides what an MCP server may start by itself, from now on; of one name the last terms count.
    package func set(_ actions: [ServerAction], of resource: ResourceID) throws {
        try execute("DELETE FROM server_actions WHERE resource_id = ?1", resource.string)
        for action in actions {
            try execute(
                """
                INSERT INTO server_actions (resource_id, name, rule, scope) VALUES (?1, ?2, ?3, ?4)
                ON CONFLICT (resource_id, name) DO UPDATE SET rule = excluded.rule, scope = excluded.scope
                """, resource.string, action.name.string, action.rule.rawValue, action.scope.string)
        }
    }

    /// How many decisions one MCP server gets in an hour: each leaves a record that stays.
    package static let decisionsPerHour: Int64 = 3_600

    /// Counts one decision for an MCP server; false when it has had as many as there are in this hour.
    package func countDecision(
        for resource: ResourceID, now: Timestamp, quota: Int64 = decisionsPerHour
    ) throws -> Bool {
        try execute(
            """
            INSERT INTO decision_quotas (resource_id, hour, used) VALUES (?1, ?2, 1)
            ON CONFLICT (resource_id) DO UPDATE SET hour = excluded.hour,
                used = iif(hour = excluded.hour, used, 0) + 1
            WHERE hour <> excluded.hour OR used < ?3
            """, resource.string, now.seconds / 3_600, quota) == 1
    }
}

extension ServerAction {
    fileprivate init(_ row: StoredRow) throws {
        name = try ActionName(row.text(0))
        rule = try row.parsed(Rule(rawValue: row.text(1)))
        scope = try row.scope(2)
    }
}
