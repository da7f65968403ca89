import JOSE
import OAuth
import Storage

/// The administration of clients.
struct ClientAdministration: AdministrationNoun {
    let task: AdministrationTask

    func perform(_ request: ClientRequest) async throws -> AdministrationAnswer {
        switch request {
        case .add(let draft): try await addClient(draft)
        case .list(let page): try await rows.list(page)
        case .show(let id): .one(try await store.read { try rows.row(ClientID(id), $0) })
        case .allow(let name, let acceptsTokenEndpoint, let allowsDevice):
            try await rules.set(
                .allow, for: name, nil, acceptsTokenEndpoint: acceptsTokenEndpoint, allowsDevice: allowsDevice)
        case .block(let name, let reason): try await rules.set(.block, for: name, reason)
        case .rules(let page): try await rules.list(page)
        case .removeRule(let name, let reason): try await rules.remove(name, reason)
        case .permissions(let request): try await permissions.perform(request)
        case .edit(let id, let change, let reason, let isDryRun):
            try await ClientEditing(task: task).edit(id, change, reason, isDryRun: isDryRun)
        case .rotateSecret(let id, let overlap):
            try await SecretRotation(task: task).rotate(client: id, overlap: overlap)
        case .refresh(let id): try await refreshDocument(id)
        case .remove(let id, let reason): try await removeClient(id, reason)
        case .redirects(let request): try await request.perform(task)
        case .invitations(let request): try await request.perform(task)
        }
    }

    private var rows: ClientRows { ClientRows(task: task) }
    private var permissions: ClientPermissionAdministration { ClientPermissionAdministration(task: task) }
    private var rules: ClientRuleAdministration { ClientRuleAdministration(task: task) }

    private func addClient(_ draft: ClientDraft) async throws -> AdministrationAnswer {
        let (client, secret) = try NewClient(draft).checked(at: now)
        return try await store.write { transaction in
            let client = try register(client, draft, transaction)
            for name in draft.resources {
                guard let scopes = draft.serviceScopes else { break }
                _ = try permissions.permit(client, at: self.resource(name, transaction), scopes, nil, transaction)
            }
            var row: JSONObject = ["client_id": .string(client.id.string)]
            row["client_secret"] = secret.map { .string($0.reveal()) }
            return .one(row, note: secret == nil ? nil : Self.secretNote)
        }
    }

    /// Registers a client with its record, restricted to the MCP servers of the draft, and returns it.
    func register(
        _ client: RegisteredClient, _ draft: ClientDraft, _ transaction: Transaction
    ) throws -> RegisteredClient {
        let client = client.restricted(
            to: draft.serviceScopes == nil ? try draft.resources.map { try self.resource($0, transaction).id } : [])
        guard try transaction.clients.insert(client) else {
            throw AdministrationError(.conflict, "Client '\(client.id)' already exists.")
        }
        try audit(transaction, .clientAdded, client: client.id)
        return client
    }

    private func refreshDocument(_ text: String) async throws -> AdministrationAnswer {
        let id = try ClientID(text)
        guard id.isDocument else {
            throw AdministrationError(.invalid, "Client '\(id)' is registered here and has no metadata document.")
        }
        return try await store.write { transaction in
            guard try transaction.documents.expire(id, now: now) else {
                throw AdministrationError(
                    .notFound, "The metadata document of '\(id)' is not cached; its next use fetches it.")
            }
            try audit(transaction, .clientRefreshed, client: id)
            return .one(
                try rows.row(id, transaction), note: "The next use of the client fetches its metadata document again.")
        }
    }

    private func removeClient(_ text: String, _ reason: String?) async throws -> AdministrationAnswer {
        let reason = try checkedReason(reason)
        let id = try ClientID(text)
        let (row, ended) = try await store.write { transaction in
            // A client whose cached document was removed may still have sessions.
            let row = try rows.rowIfAny(id, transaction) ?? ["client_id": .string(id.string)]
            let registered =
                try transaction.clients.remove(client: id, ending(.clientRemoved, reason))
                ?? transaction.dynamicClients.remove(client: id, ending(.clientRemoved, reason))
            let forgotten = try transaction.documents.forget(id)
            try transaction.pushedRequests.removeOpen(of: id)
            let ended =
                try registered ?? transaction.sessions.end(SessionFilter(client: id), ending(.clientRemoved, reason))
            guard registered != nil || forgotten || ended.count > 0 else {
                throw try Self.nothingToRemove(text, id, transaction)
            }
            try audit(transaction, .clientRemoved, client: id, explanation: reason)
            return (row, ended)
        }
        let count = try await store.endRest(of: ended).count
        return .one(
            row.counting(revokedSessions: count), note: Self.note(revokedSessions: count),
            warning: try await remainingRule(about: id) ?? Self.nextRegistration(of: id))
    }

    /// A public client that registers itself again gets the same id, so that only a block keeps it out.
    private static func nextRegistration(of id: ClientID) -> String? {
        guard id.isSelfRegistered else { return nil }
        return
            "The app can register itself again. To keep it out, use 'gatehouse clients block \(ShellWord.quoted(id.string))'."
    }

    /// A rule outlives its client, because a block must stay in effect.
    private func remainingRule(about id: ClientID) async throws -> String? {
        guard let rule = try await store.read({ try $0.clientRules.find(about: .client(id)) }) else { return nil }
        return "A rule still \(rule.rule == .block ? "blocks" : "allows") '\(id)'. \(Self.removal(of: id.string))."
    }

    /// The error for a name without client or session. If a rule has the name, the error says how to remove the rule.
    private static func nothingToRemove(
        _ text: String, _ id: ClientID, _ transaction: Transaction
    ) throws -> AdministrationError {
        guard try !transaction.clientRules.list(named: text).isEmpty else { return clientNotFound(id) }
        return AdministrationError(
            .notFound, "Client '\(id)' not found, but a rule about it exists. \(removal(of: text)).")
    }

    private static func removal(of rule: String) -> String {
        "Remove the rule with 'gatehouse clients rules remove \(ShellWord.quoted(rule))'"
    }

    /// The sessions that a request revokes.
    func sessions(revokedBy request: ClientRequest, _ transaction: Transaction) throws -> [SessionFilter] {
        switch request {
        case .remove(let id, _):
            [SessionFilter(client: try ClientID(id))]
        case .block(let name, _):
            try transaction.sessionHosts.filters(
                coveredBy: ClientRuleAdministration(task: task).ruleTarget(name, transaction).target)
        case .permissions(let request): try permissions.sessions(revokedBy: request, transaction)
        case .edit(let id, let change, _, _):
            try ClientEditing(task: task).plan(
                RegisteredClientLookup(task: task).client(id, transaction), change, transaction
            ).filters
        case .add, .list, .show, .allow, .rules, .removeRule, .refresh, .rotateSecret, .redirects, .invitations: []
        }
    }
}
