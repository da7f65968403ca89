import JOSE
import OAuth
import Storage

/// The administration of what clients may do by themselves.
struct ClientPermissionAdministration: AdministrationNoun {
    let task: AdministrationTask

    func perform(_ request: ClientPermissionRequest) async throws -> AdministrationAnswer {
        switch request {
        case .show(let client):
            .many(try await store.read { try rows(of: self.client(client, $0).id, $0) })
        case .set(let client, let resource, let scopes, let reason): try await set(client, resource, scopes, reason)
        case .withdraw(let client, let resource, let reason): try await withdraw(client, resource, reason)
        }
    }

    /// The permissions of a client, one row for each MCP server.
    func rows(of client: ClientID, _ transaction: Transaction) throws -> [JSONObject] {
        try transaction.clientPermissions.list(of: client).compactMap { permission in
            try transaction.resources.find(id: permission.resourceID).map { Self.row(permission, at: $0) }
        }
    }

    /// Permits `client` to act for itself at an MCP server, and returns the row of the permission and whether the client's session
    /// there was revoked because it allowed more.
    func permit(
        _ client: RegisteredClient, at resource: Resource, _ scopes: [String], _ reason: String?,
        _ transaction: Transaction
    ) throws -> (row: JSONObject, revoked: Bool) {
        guard client.authMethod != .none else {
            throw AdministrationError(
                .invalid,
                "Client '\(client.id)' has no secret and no key, so anyone could act as this client. Register another one with "
                    + "'gatehouse clients add --service'.")
        }
        guard !client.id.string.hasPrefix(SubjectKind.prefix) else { throw Self.userPrefix(client.id) }
        let permission = ClientPermission(
            clientID: client.id, resourceID: resource.id, scope: try Self.checked(scopes, at: resource), createdAt: now)
        try transaction.clientPermissions.set(permission)
        try audit(
            transaction, .clientPermitted, client: client.id, resource: resource.id, reason: permission.scope.string,
            explanation: reason)
        let live = try transaction.serviceSessions.find(of: client.id, at: resource.id, now: now)
        let revoked = try live.map {
            try transaction.serviceSessions.limit(
                $0, to: permission.held(at: resource), ending(.permissionWithdrawn, reason))
        }
        return (Self.row(permission, at: resource), revoked ?? false)
    }

    /// Withdraws a permission with its record, and returns whether the client's session there was revoked; nil without a permission.
    func withdraw(
        from client: RegisteredClient, at resource: Resource, _ reason: String?, _ transaction: Transaction
    ) throws -> Bool? {
        guard try transaction.clientPermissions.remove(client: client.id, resource: resource.id) else { return nil }
        try audit(
            transaction, .clientPermissionWithdrawn, client: client.id, resource: resource.id, explanation: reason)
        let ended = try transaction.serviceSessions.find(of: client.id, at: resource.id, now: now).map {
            try transaction.sessions.end($0.id, ending(.permissionWithdrawn, reason))
        }
        return ended ?? false
    }

    /// The error for the ID of a client that could pass as the subject of a user.
    static func userPrefix(_ id: ClientID) -> AdministrationError {
        AdministrationError(
            .invalid,
            "Client ID '\(id)' begins with '\(SubjectKind.prefix)', as the subjects of users do. Choose another ID.")
    }

    /// The session that a request revokes: the client's live one at the MCP server, unless the new permission allows as much.
    func sessions(revokedBy request: ClientPermissionRequest, _ transaction: Transaction) throws -> [SessionFilter] {
        func live(_ client: String, _ resource: Resource) throws -> Session? {
            try transaction.serviceSessions.find(of: ClientID(client), at: resource.id, now: now)
        }
        switch request {
        case .show: return []
        case .withdraw(let client, let name, _):
            return try live(client, self.resource(name, transaction)).map { [SessionFilter(ids: [$0.id])] } ?? []
        case .set(let client, let name, let scopes, _):
            let resource = try self.resource(name, transaction)
            let permission = ClientPermission(
                clientID: try ClientID(client), resourceID: resource.id, scope: try Self.checked(scopes, at: resource),
                createdAt: now)
            guard let live = try live(client, resource), !live.scope.isSubset(of: permission.held(at: resource)) else {
                return []
            }
            return [SessionFilter(ids: [live.id])]
        }
    }

    // MARK: Requests

    private func set(
        _ client: String, _ resource: String, _ scopes: [String], _ reason: String?
    ) async throws -> AdministrationAnswer {
        let reason = try checkedReason(reason)
        return try await store.write { transaction in
            let client = try self.client(client, transaction)
            let resource = try self.resource(resource, transaction)
            let (row, revoked) = try permit(client, at: resource, scopes, reason, transaction)
            return .one(
                row.counting(revokedSessions: revoked ? 1 : 0),
                note: revoked ? "Revoked the client's session there, which allowed more." : nil)
        }
    }

    private func withdraw(_ client: String, _ resource: String, _ reason: String?) async throws -> AdministrationAnswer
    {
        let reason = try checkedReason(reason)
        return try await store.write { transaction in
            let client = try self.client(client, transaction)
            let resource = try self.resource(resource, transaction)
            let before = try transaction.clientPermissions.list(of: client.id).first { $0.resourceID == resource.id }
            guard let ended = try withdraw(from: client, at: resource, reason, transaction) else {
                throw AdministrationError(
                    .notFound,
                    "Client '\(client.id)' has no permission for '\(resource.identifier)'. Nothing was changed.")
            }
            let row = before.map { Self.row($0, at: resource) } ?? ["client_id": .string(client.id.string)]
            return .one(
                row.counting(revokedSessions: ended ? 1 : 0), note: Self.note(revokedSessions: ended ? 1 : 0))
        }
    }

    /// The registered client of this ID. A permission rests on an administrator's registration, so other clients have none.
    private func client(_ text: String, _ transaction: Transaction) throws -> RegisteredClient {
        let id = try ClientID(text)
        if let client = try transaction.clients.find(id) { return client }
        guard try isKnown(id, transaction) else { throw Self.clientNotFound(id) }
        throw AdministrationError(
            .invalid, "Client '\(id)' is not registered here. Register it with 'gatehouse clients add' first.")
    }

    private static func checked(_ texts: [String], at resource: Resource) throws -> ScopeSet {
        let scope = ScopeSet(try texts.map { try Scope($0) })
        let known = resource.catalogue.known
        guard !scope.isEmpty else {
            throw AdministrationError(.invalid, "Name the permitted scopes with --scope. \(choices(at: resource))")
        }
        guard scope.isSubset(of: known) else {
            throw AdministrationError(
                .invalid,
                "\(resource.identifier) has no scope '\(scope.subtracting(known).scopes[0])'. \(choices(at: resource))")
        }
        let whole = resource.scopes.implications.closure(of: scope)
        if let fresh = resource.scopes.first(where: { $0.freshSeconds != nil && whole.contains($0.scope) }) {
            throw AdministrationError(
                .invalid,
                "Scope '\(fresh.scope)' requires a recent sign-in of the user, so a client cannot have it by itself.")
        }
        return scope
    }

    private static func choices(at resource: Resource) -> String {
        "Its scopes are: \(resource.catalogue.known.scopes.map(\.string).joined(separator: ", "))."
    }

    private static func row(_ permission: ClientPermission, at resource: Resource) -> JSONObject {
        [
            "client_id": .string(permission.clientID.string), "resource": .string(resource.identifier.string),
            "scope": .string(permission.scope.string), "created_at": .string(permission.createdAt.rfc3339),
        ]
    }
}
