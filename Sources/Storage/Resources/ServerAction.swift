package import OAuth

/// An action that an administrator lets an MCP server start without a client; actions that are not listed are denied.
package struct ServerAction: Hashable, Sendable {
    /// Whether the user must approve.
    package enum Rule: String, Hashable, Sendable {
        /// The MCP server may start it.
        case allow
        /// The MCP server may start it after the user's approval, each time.
        case ask
    }

    package let name: ActionName
    package let rule: Rule
    /// The scopes that the session must have.
    package let scope: ScopeSet

    /// An action with its rule.
    package init(name: ActionName, rule: Rule, scope: ScopeSet = []) {
        self.name = name
        self.rule = rule
        self.scope = scope
    }
}

extension Resources {
    /// The actions of an MCP server, by name.
    package func actions(of resource: ResourceID) throws -> [ServerAction] {
        try all(
            "SELECT name, rule, scope FROM server_actions WHERE resource_id = ?1 ORDER BY name", resource.string
        ) { try ServerAction($0) }
    }

    /// One action; nil if it is not listed.
    package func action(_ name: ActionName, of resource: ResourceID) throws -> ServerAction? {
        try first(
            "SELECT name, rule, scope FROM server_actions WHERE resource_id = ?1 AND name = ?2", resource.string,
            name.string
        ) { try ServerAction($0) }
    }

    /// Sets the actions of an MCP server; of two with one name the last counts.
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

    /// The number of decisions for one MCP server in an hour. Each leaves an audit record that stays.
    package static let decisionsPerHour: Int64 = 3_600

    /// Counts one decision for an MCP server; false if the quota of the hour is used up.
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
