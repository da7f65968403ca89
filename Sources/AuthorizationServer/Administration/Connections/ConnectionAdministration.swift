import JOSE
import OAuth
import Storage

/// Connections: listed and revoked.
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

    /// A provider that is registered, or was when somebody connected an account there.
    private func knownProvider(_ text: String, _ transaction: Transaction) throws -> ProviderName {
        if let name = try? ProviderName(text),
            try !transaction.connections.list(ConnectionFilter(provider: name), limit: 1).isEmpty
        {
            return name
        }
        return try provider(text, transaction).name
    }

    /// It ends here in any case; what the provider says to it is told.
    private func revokeConnection(_ text: String) async throws -> AdministrationAnswer {
        guard let id = ConnectionID(text) else { throw Self.noConnection(text) }
        let revocation = ConnectionRevocation(store: store, client: administration.providers, vault: try vault())
        switch try await revocation.end(id, reason: .revokedByAdmin, actor: administrator.actor, now: now) {
        case .unknown: throw Self.noConnection(text)
        case .over: throw AdministrationError(.conflict, "The connection '\(id)' is over already.")
        case .ended(let connection, let reply):
            return .one(try await store.read { try row(connection, $0) }, note: Self.note(reply))
        }
    }

    private static func note(_ reply: ProviderReply) -> String {
        switch reply {
        case .taken: "The provider was told to revoke the tokens."
        case .notAsked: "The provider was not told; end the access there as well."
        case .failed(let cause): "The tokens are erased here, but \(cause); end the access there as well."
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

    private static func noConnection(_ text: String) -> AdministrationError {
        AdministrationError(.notFound, "There is no connection '\(text)'; 'gatehouse connections list' names them.")
    }
}
