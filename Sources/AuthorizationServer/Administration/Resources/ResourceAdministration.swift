import JOSE
import OAuth
import Outbound
import Storage

/// The administration of MCP servers.
struct ResourceAdministration: AdministrationNoun {
    let task: AdministrationTask

    func perform(_ request: ResourceRequest) async throws -> AdministrationAnswer {
        switch request {
        case .add(let draft): try await addResource(draft)
        case .list(let page): try await listResources(page)
        case .show(let name): try await ResourceReach(task: task).show(name)
        case .policy(let name, let change, let reason):
            try await ResourcePolicyAdministration(task: task).change(name, change, reason)
        case .edit(let name, let change, let reason, let isDryRun):
            try await ResourceEditing(task: task).edit(name, change, reason, isDryRun: isDryRun)
        case .addScopes(let name, let scopes): try await ScopeAddition(task: task).add(scopes, to: name)
        case .rotateSecret(let name, let overlap):
            try await SecretRotation(task: task).rotate(name, overlap: overlap)
        case .remove(let name, let reason): try await removeResource(name, reason)
        }
    }

    private func addResource(_ draft: ResourceDraft) async throws -> AdministrationAnswer {
        let (resource, secret) = try self.resource(of: draft)
        return try await store.write { transaction in
            let warning = try register(resource, transaction)
            let notes = [
                secret == nil ? nil : Self.secretNote,
                administration.access.opensNewResources ? nil : Self.closedNote(resource),
            ].compactMap(\.self)
            return .one(
                resource.credentials(secret), note: notes.isEmpty ? nil : notes.joined(separator: " "),
                warning: warning)
        }
    }

    /// The MCP server of a draft with a new id, and the secret that it gets unless it has keys.
    func resource(of draft: ResourceDraft) throws -> (Resource, ClientSecret?) {
        let keys = try draft.keys?.checked()
        let secret = keys == nil ? ClientSecret.random() : nil
        let resource = Resource(
            id: .random(), identifier: try ResourceIdentifier(draft.identifier),
            name: try AdministrationText.checked(draft.name, as: "The name"),
            owner: try AdministrationText.checked(draft.owner, as: "The owner"),
            scopes: try draft.reach.applied(to: try scopes(draft.scopes)), secretDigest: secret?.digest,
            keys: keys, eventsEndpoint: try draft.eventsEndpoint.map(ResourcePolicyAdministration.checkedEndpoint),
            createdAt: now)
        return (resource, secret)
    }

    /// Registers an MCP server with its record. Returns the warning about one whose identifier is nearly the same.
    func register(_ resource: Resource, _ transaction: Transaction) throws -> String? {
        let near = ResourceNearMiss.nearest(
            resource.identifier, among: try transaction.resources.list().map(\.identifier))
        guard try transaction.resources.insert(resource) else {
            throw AdministrationError(.conflict, "MCP server '\(resource.identifier)' is already registered.")
        }
        try audit(transaction, .resourceAdded, resource: resource.id)
        if !administration.access.opensNewResources {
            try transaction.access.set(AccessSettings(list: AccessList()), of: resource.id)
        }
        return near.map(Self.warning)
    }

    /// That nobody may use a new MCP server, and how to change that.
    private static func closedNote(_ resource: Resource) -> String {
        "Nobody may use it yet ('access.default' is 'nobody'). Allow users with 'gatehouse resources policy \(resource.id) "
            + "--allow-group GROUP'."
    }

    /// Identifiers that differ so little usually name one MCP server, which refuses tokens for the other spelling.
    private static func warning(of near: ResourceNearMiss) -> String {
        "\(near.registered) is registered too, and differs by \(near.difference). If both are one MCP server, remove the "
            + "spelling that its metadata does not use."
    }

    private func listResources(_ request: PageRequest) async throws -> AdministrationAnswer {
        try await store.read { transaction in
            let place = try request.place { text in
                try ResourceID(text).flatMap { try transaction.resources.find(id: $0)?.id }
            }
            let page = try Page(
                request, of: "MCP server", read: { try transaction.resources.list(after: place, limit: $0) },
                place: { $0.id.string })
            return .many(page.items.map(\.row), warning: page.warning, next: page.next)
        }
    }

    private func removeResource(_ name: String, _ reason: String?) async throws -> AdministrationAnswer {
        let reason = try checkedReason(reason)
        let (row, ended) = try await store.write { transaction in
            let resource = try self.resource(name, transaction)
            return (resource.row, try remove(resource, reason, transaction))
        }
        let count = try await store.endRest(of: ended).count
        return .one(row.counting(revokedSessions: count), note: Self.note(revokedSessions: count))
    }

    /// Removes an MCP server with its record, and begins to end its sessions.
    func remove(_ resource: Resource, _ reason: String?, _ transaction: Transaction) throws -> EndedSessions {
        let ended = try transaction.resources.remove(resource: resource.id, ending(.resourceRemoved, reason))
        try audit(transaction, .resourceRemoved, resource: resource.id, explanation: reason)
        return ended ?? EndedSessions()
    }

    func scopes(_ drafts: [ResourceDraft.Scope]) throws -> [ResourceScope] {
        var scopes: [ResourceScope] = []
        for draft in drafts {
            let scope = try Scope(draft.name)
            guard scope != .offlineAccess else {
                throw AdministrationError(
                    .invalid, "The scope offline_access is reserved and cannot belong to an MCP server.")
            }
            guard !scopes.contains(where: { $0.scope == scope }) else {
                throw AdministrationError(.invalid, "The scope '\(scope)' is given twice.")
            }
            let text = try AdministrationText.checked(draft.description, as: "The description of \(scope)")
            scopes.append(ResourceScope(scope: scope, description: text, onRequest: draft.onRequest))
        }
        // A session can have all scopes of its MCP server, and reading the session back enforces this limit.
        guard (try? ScopeSet(parsing: ScopeSet(scopes.map(\.scope)).string)) != nil else {
            throw AdministrationError(
                .invalid, "Too many scopes: an MCP server has at most \(ScopeSet.maximumCount).")
        }
        return scopes
    }

    /// The sessions that a request revokes.
    func sessions(revokedBy request: ResourceRequest, _ transaction: Transaction) throws -> [SessionFilter] {
        switch request {
        case .remove(let name, _):
            return [SessionFilter(resource: try resource(name, transaction).id)]
        case .policy(let name, let change, _):
            let resource = try resource(name, transaction)
            if change.access.narrowsAccess {
                let settings = try AccessPolicy(task: task).changed(resource, change.access, transaction)
                return AccessLoss.filters(at: resource.id, under: settings.list)
            }
            guard change.excludesClients else { return [] }
            let policy = try transaction.resources.policy(of: resource.id).changed(by: change.settings)
            return try transaction.sessionHosts.filters(at: resource.id, outside: policy.sessions.clientHosts)
        case .edit(let name, let change, _, _):
            return try ResourceEditing(task: task).plan(resource(name, transaction), change, transaction).ends
        case .add, .addScopes, .list, .show, .rotateSecret: return []
        }
    }
}

extension Resource {
    /// The row of an MCP server.
    var row: JSONObject {
        [
            "id": .string(id.string), "resource": .string(identifier.string), "name": .string(name),
            "owner": .string(owner), "client_id": .string(id.string),
            "scopes": .array(scopes.map { .string($0.scope.string) }),
            "scope_descriptions": .object(described), "on_request": .array(onRequest),
            "events_endpoint": JSON(eventsEndpoint), "keys": JSON(keys?.summary),
            "created_at": .string(createdAt.rfc3339),
        ]
    }

    /// The credentials of the MCP server at Gatehouse, which are printed only once.
    func credentials(_ secret: ClientSecret?) -> JSONObject {
        var row: JSONObject = [
            "id": .string(id.string), "resource": .string(identifier.string), "client_id": .string(id.string),
        ]
        row["client_secret"] = secret.map { .string($0.reveal()) }
        return row
    }

    private var described: JSONObject {
        var object = JSONObject()
        for scope in scopes { object[scope.scope.string] = .string(scope.description) }
        return object
    }

    private var onRequest: [JSON] { scopes.filter(\.onRequest).map { .string($0.scope.string) } }
}
