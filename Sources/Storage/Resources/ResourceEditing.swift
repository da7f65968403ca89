package import OAuth

/// Changes of registered MCP servers that keep their sessions.
package struct ResourceEdits: Noun {
    let transaction: Transaction
}

extension ResourceEdits {
    /// Sets name and owner.
    package func set(name: String, owner: String, of resource: ResourceID) throws {
        try execute(
            "UPDATE resources SET name = ?2, owner = ?3 WHERE id = ?1 AND removed_at IS NULL", resource.string, name,
            owner)
    }

    /// Describes a scope anew, and says whether only a client that requests it by name gets it. Live sessions keep it.
    package func describe(_ scope: ResourceScope, of resource: ResourceID) throws {
        try execute(
            "UPDATE resource_scopes SET description = ?3, on_request = ?4 WHERE resource_id = ?1 AND scope = ?2",
            resource.string, scope.scope.string, scope.description, scope.onRequest ? 1 : 0)
    }

    /// Withdraws scopes. From here on no session that was approved before has them, and none gets them: they go out of the scopes
    /// that include them, of access rules and of the permissions of clients that act for themselves.
    ///
    /// No session ends here. The caller ends those that are left without a scope, and the standing rule refuses them before.
    package func withdraw(_ withdrawn: ScopeSet, from resource: ResourceID, now: Timestamp) throws {
        let kept = try transaction.resources.scopes(of: resource).filter { !withdrawn.contains($0.scope) }
        for scope in withdrawn.scopes {
            try execute(
                "DELETE FROM resource_scopes WHERE resource_id = ?1 AND scope = ?2", resource.string, scope.string)
            try execute(
                "DELETE FROM access_groups WHERE resource_id = ?1 AND scope = ?2", resource.string, scope.string)
            try execute(
                """
                INSERT INTO withdrawn_scopes (resource_id, scope, withdrawn_at) VALUES (?1, ?2, ?3)
                ON CONFLICT (resource_id, scope) DO UPDATE SET withdrawn_at = max(withdrawn_at, excluded.withdrawn_at)
                """, resource.string, scope.string, now.seconds)
        }
        try transaction.resources.setReach(
            kept.map { scope in
                var scope = scope
                scope.implies = scope.implies.subtracting(withdrawn)
                return scope
            }, of: resource)
        try execute(
            """
            UPDATE resource_policies SET restricts_scopes =
                EXISTS (SELECT 1 FROM resource_scopes WHERE resource_id = ?1 AND is_restricted = 1)
            WHERE resource_id = ?1
            """, resource.string)
        try withdrawPermissions(withdrawn, at: resource)
    }

    /// Takes scopes out of the permissions at an MCP server. One that permits nothing else is removed: an empty one would come back
    /// to life with the scope.
    private func withdrawPermissions(_ withdrawn: ScopeSet, at resource: ResourceID) throws {
        for permission in try transaction.clientPermissions.list(at: resource, limit: .max) {
            let scope = permission.scope.subtracting(withdrawn)
            guard scope.count < permission.scope.count else { continue }
            if scope.isEmpty {
                _ = try transaction.clientPermissions.remove(client: permission.clientID, resource: resource)
            } else {
                try transaction.clientPermissions.set(
                    ClientPermission(
                        clientID: permission.clientID, resourceID: resource, scope: scope,
                        createdAt: permission.createdAt))
            }
        }
    }
}

/// The scopes that were withdrawn from sessions, in SQL.
enum WithdrawnScopes {
    /// The scopes that a session lost while it lived, with blanks between them; NULL without any. `alias` names the row of `sessions`.
    static func of(_ alias: String) -> String {
        """
        (SELECT group_concat(w.scope, ' ') FROM withdrawn_scopes w
            WHERE w.resource_id = \(alias).resource_id AND w.withdrawn_at >= \(alias).created_at
                AND instr(' ' || \(alias).scope || ' ', ' ' || w.scope || ' ') > 0
                AND (\(alias).ended_at IS NULL OR \(alias).ended_at > w.withdrawn_at))
        """
    }

    /// The condition that a session has a scope, and none that is left of it once the scopes of the JSON list `list` are withdrawn too.
    static func leaveNothing(withdrawing list: String) -> String {
        """
        scope <> '' AND NOT EXISTS (
            SELECT 1 FROM resource_scopes r
            WHERE r.resource_id = sessions.resource_id AND r.scope NOT IN (SELECT value FROM json_each(\(list)))
                AND instr(' ' || sessions.scope || ' ', ' ' || r.scope || ' ') > 0
                AND NOT EXISTS (SELECT 1 FROM withdrawn_scopes w WHERE w.resource_id = r.resource_id
                    AND w.scope = r.scope AND w.withdrawn_at >= sessions.created_at))
        """
    }

    /// The condition that a session has one of the scopes of the JSON list `list`, and did not lose it before.
    static func touch(_ list: String) -> String {
        """
        EXISTS (
            SELECT 1 FROM json_each(\(list)) l
            WHERE instr(' ' || sessions.scope || ' ', ' ' || l.value || ' ') > 0
                AND NOT EXISTS (SELECT 1 FROM withdrawn_scopes w WHERE w.resource_id = sessions.resource_id
                    AND w.scope = l.value AND w.withdrawn_at >= sessions.created_at))
        """
    }
}

extension StoredRow {
    /// A list of scopes without those of another column, which may be NULL.
    func scope(_ index: Int, without other: Int) throws -> ScopeSet {
        let scopes = try scope(index)
        guard try textIfAny(other) != nil else { return scopes }
        return scopes.subtracting(try scope(other))
    }
}
