import JOSE
import OAuth
import Storage

/// The administration of connections.
struct ConnectionAdministration: AdministrationNoun {
    let task: AdministrationTask

    func perform(_ request: ConnectionRequest) async throws -> AdministrationAnswer {
        switch request {
        case .list(let selection, let page): try await listConnections(selection, page)
        case .revoke(let text): try await revokeConnection(text)
        }
    }

    private func listConnections(
        _ selection: ConnectionSelection, _ request: PageRequest
    ) async throws -> AdministrationAnswer {
        try await store.read { transaction in
            let filter = ConnectionFilter(
                user: try selection.user.map { try self.userOrSubject($0, transaction).id },
                resource: try selection.resource.map { try self.resource($0, transaction).id },
                provider: try selection.provider.map { try self.knownProvider($0, transaction) })
            let place = try request.place { text in
                try ConnectionID(text).flatMap { try transaction.connections.find($0)?.id }
            }
            let page = try Page(
                request, of: "connection",
                read: { try transaction.connections.list(filter, after: place, limit: $0) }, place: { $0.id.string })
            return .many(try page.items.map { try row($0, transaction) }, warning: page.warning, next: page.next)
        }
    }

    /// A provider that is registered, or that still has connections.
    private func knownProvider(_ text: String, _ transaction: Transaction) throws -> ProviderName {
        if let name = try? ProviderName(text),
            try !transaction.connections.list(ConnectionFilter(provider: name), limit: 1).isEmpty
        {
            return name
        }
        return try provider(text, transaction).name
    }

    /// Revokes a connection here in any case, and reports the provider's response.
    private func revokeConnection(_ text: String) async throws -> AdministrationAnswer {
        guard let id = ConnectionID(text) else { throw Self.connectionNotFound(text) }
        let revocation = ConnectionRevocation(store: store, client: administration.providers, vault: try vault())
        switch try await revocation.end(id, reason: .revokedByAdmin, actor: administrator.actor, now: now) {
        case .notFound: throw Self.connectionNotFound(text)
        case .alreadyEnded: throw AdministrationError(.conflict, "Connection '\(id)' is already revoked.")
        case .ended(let connection, let reply):
            return .one(try await store.read { try row(connection, $0) }, note: Self.note(reply))
        }
    }

    private static func note(_ reply: ProviderReply) -> String {
        switch reply {
        case .accepted: "The provider revoked the tokens."
        case .notAsked: "The provider was not notified. Revoke the access there too."
        case .failed(let cause): "The tokens are erased here, but \(cause). Revoke the access there too."
        }
    }

    private func row(_ connection: Connection, _ transaction: Transaction) throws -> JSONObject {
        [
            "id": .string(connection.id.string), "user": JSON(try transaction.users.find(id: connection.userID)?.name),
            "resource": JSON(try transaction.resources.find(id: connection.resourceID)?.identifier.string),
            "provider": .string(connection.provider.string), "scope": .string(connection.scope.string),
            "state": .string(connection.endedAt == nil ? "connected" : "ended"),
            "created_at": .string(connection.createdAt.rfc3339), "refreshed_at": JSON(connection.refreshedAt),
            "ended_at": JSON(connection.endedAt), "end_reason": JSON(connection.endReason?.rawValue),
        ]
    }

    private static func connectionNotFound(_ text: String) -> AdministrationError {
        AdministrationError(
            .notFound, "Connection '\(text)' not found. List connections with 'gatehouse connections list'.")
    }
}
