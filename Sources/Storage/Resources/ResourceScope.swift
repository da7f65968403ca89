package import OAuth

/// A scope of an MCP server, with its text on the consent page and what it permits.
package struct ResourceScope: Hashable, Sendable {
    package let scope: Scope
    /// The sentence about it on the consent page.
    package let description: String
    /// Whether only a client that requests it, or a scope that includes it, is granted it.
    package let onRequest: Bool
    /// The narrower scopes that it includes.
    package var implies: ScopeSet
    /// The tools that it permits, in the order of the consent page.
    package var tools: [ToolName]
    /// The maximum age in seconds of the user's sign-in at the approval; nil for any age.
    package var freshSeconds: Int64?

    /// A scope with its description.
    package init(
        scope: Scope, description: String, onRequest: Bool = false, implies: ScopeSet = [], tools: [ToolName] = [],
        freshSeconds: Int64? = nil
    ) {
        self.scope = scope
        self.description = description
        self.onRequest = onRequest
        self.implies = implies
        self.tools = tools
        self.freshSeconds = freshSeconds
    }
}

extension [ResourceScope] {
    /// The inclusions among these scopes.
    package var implications: ScopeImplications {
        ScopeImplications(Dictionary(map { ($0.scope, $0.implies) }) { $0.union($1) })
    }
}

extension Resources {
    /// Sets what the scopes of an MCP server permit, from the next approval on; unknown scopes are skipped.
    package func setReach(_ scopes: [ResourceScope], of resource: ResourceID) throws {
        for scope in scopes {
            try execute(
                """
                UPDATE resource_scopes SET implies = ?3, tools = ?4, fresh_seconds = ?5
                WHERE resource_id = ?1 AND scope = ?2
                """, resource.string, scope.scope.string, scope.implies.string, scope.tools.stored, scope.freshSeconds)
        }
    }

    /// The inclusions among the scopes of an MCP server.
    package func implications(of resource: ResourceID) throws -> ScopeImplications {
        let pairs = try all(
            "SELECT scope, implies FROM resource_scopes WHERE resource_id = ?1 AND implies <> ''", resource.string
        ) { (try Scope($0.text(0)), try $0.scope(1)) }
        return ScopeImplications(Dictionary(pairs) { $0.union($1) })
    }

    /// Adds scopes to an MCP server, behind those that it has. None of them may be known.
    package func add(_ scopes: [ResourceScope], to resource: ResourceID) throws {
        // A withdrawn scope leaves its place empty.
        let last = try first(
            "SELECT coalesce(max(position), -1) FROM resource_scopes WHERE resource_id = ?1", resource.string
        ) { Int(try $0.integer(0)) }
        try insert(scopes, of: resource, from: (last ?? -1) + 1)
    }

    func insert(_ scopes: [ResourceScope], of resource: ResourceID, from first: Int = 0) throws {
        for (position, scope) in zip(first..., scopes) {
            try execute(
                """
                INSERT INTO resource_scopes
                    (resource_id, scope, position, description, on_request, implies, tools, fresh_seconds)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
                """, resource.string, scope.scope.string, position, scope.description, scope.onRequest ? 1 : 0,
                scope.implies.string, scope.tools.stored, scope.freshSeconds)
        }
    }

    func scopes(of resource: ResourceID) throws -> [ResourceScope] {
        try all(
            """
            SELECT scope, description, on_request, implies, tools, fresh_seconds FROM resource_scopes
            WHERE resource_id = ?1 ORDER BY position
            """, resource.string
        ) { row in
            ResourceScope(
                scope: try Scope(row.text(0)), description: try row.text(1), onRequest: try row.flag(2),
                implies: try row.scope(3), tools: try row.text(4).split(separator: " ").map { try ToolName($0) },
                freshSeconds: try row.integerIfAny(5))
        }
    }
}

extension [ToolName] {
    fileprivate var stored: String { map(\.string).joined(separator: " ") }
}
