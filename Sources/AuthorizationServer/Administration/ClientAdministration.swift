import JOSE
import OAuth
import Storage

extension AdministrationTask {
    func run(_ request: ClientRequest) async throws -> AdministrationAnswer {
        switch request {
        case .add(let draft): try await addClient(draft)
        case .list(let page): try await listClients(page)
        case .show(let id): .one(try await store.read { try self.clientRow(ClientID(id), $0) })
        case .allow(let name): try await setRule(.allow, for: name)
        case .block(let name): try await setRule(.block, for: name)
        case .refresh(let id): try await refreshDocument(id)
        case .remove(let id): try await removeClient(id)
        }
    }

    private func addClient(_ draft: ClientDraft) async throws -> AdministrationAnswer {
        let method = ClientAuthenticationMethod(rawValue: draft.authMethod)
        guard [.none, .clientSecretBasic, .clientSecretPost].contains(method) else {
            throw AdministrationError(.invalid, "'\(method)' is no way in which a registered client can prove itself.")
        }
        let secret = method == .none ? nil : ClientSecret.random()
        let id = try ClientID(draft.id ?? "client_" + Random.token(16))
        let name = try AdministrationText.checked(draft.name, as: "The name")
        var redirects: [RedirectURI] = []
        for text in draft.redirectURIs where !redirects.contains(where: { $0.string == text }) {
            redirects.append(try RedirectURI(text))
        }
        guard !redirects.isEmpty else {
            throw AdministrationError(.invalid, "A client needs at least one redirect URI.")
        }
        let redirectURIs = redirects
        return try await store.write { transaction in
            let client = RegisteredClient(
                id: id, name: name, redirectURIs: redirectURIs, authMethod: method, secretDigest: secret?.digest,
                resources: try draft.resources.map { try self.resource($0, transaction).id }, createdAt: now)
            guard try transaction.insert(client) else {
                throw AdministrationError(.conflict, "There is a client '\(id)' already.")
            }
            try audit(transaction, .clientAdded, client: id)
            var row: JSONObject = ["client_id": .string(id.string)]
            row["client_secret"] = secret.map { .string($0.reveal()) }
            return .one(row, note: secret == nil ? nil : Self.secretNote)
        }
    }

    private func setRule(_ rule: ClientRule.Rule, for name: String) async throws -> AdministrationAnswer {
        let target = try ClientRule.Target(operator: name)
        let entry = ClientRule(target, rule, createdAt: now)
        let ended = try await store.write { transaction in
            try transaction.set(entry)
            try audit(
                transaction, rule == .block ? .clientBlocked : .clientAllowed, client: target.clientID,
                reason: target.host.map { "host \($0)" })
            // The rule keeps them from every token already; ending them tells whoever has to know, and is final.
            return rule == .block
                ? try transaction.endSessions(target.sessions, ending(.clientBlocked)) : EndedSessions()
        }
        return .one(entry.row, note: Self.note(ended: try await store.endRest(of: ended).count))
    }

    private func refreshDocument(_ text: String) async throws -> AdministrationAnswer {
        let id = try ClientID(text)
        guard id.isDocument else {
            throw AdministrationError(.invalid, "'\(id)' is registered by hand and has no document to fetch.")
        }
        return try await store.write { transaction in
            guard try transaction.expireDocument(id, now: now) else {
                throw AdministrationError(.notFound, "No document of '\(id)' is kept; it is fetched when it is needed.")
            }
            try audit(transaction, .clientRefreshed, client: id)
            return .one(try clientRow(id, transaction), note: "The document is fetched anew at the next sign-in.")
        }
    }

    private func removeClient(_ text: String) async throws -> AdministrationAnswer {
        let id = try ClientID(text)
        let (row, ended) = try await store.write { transaction in
            let row = try clientRow(id, transaction)
            let registered = try transaction.remove(client: id, ending(.clientRemoved))
            let forgotten = try transaction.forgetDocument(id)
            let ended =
                try registered ?? transaction.endSessions(SessionFilter(client: id), ending(.clientRemoved))
            guard registered != nil || forgotten || ended.count > 0 else { throw Self.noClient(id) }
            try audit(transaction, .clientRemoved, client: id)
            return (row, ended)
        }
        return .one(row, note: Self.note(ended: try await store.endRest(of: ended).count))
    }

    static func noClient(_ id: ClientID) -> AdministrationError {
        AdministrationError(.notFound, "There is no client '\(id)'; 'gatehouse clients list' names them.")
    }
}

extension ClientRule.Target {
    /// What an operator means: a host name, or else a client's id.
    init(operator text: String) throws(AdministrationError) {
        if Self.isHost(text) {
            self = .host(text.lowercased())
            return
        }
        do {
            self = .client(try ClientID(text))
        } catch {
            throw AdministrationError(.invalid, "'\(text)' is neither a host name nor a client's id.")
        }
    }

    /// The client, if it is about one.
    var clientID: ClientID? { if case .client(let id) = self { id } else { nil } }
    /// The host, if it is about one.
    var host: String? { if case .host(let host) = self { host } else { nil } }
    /// The sessions it concerns.
    var sessions: SessionFilter {
        switch self {
        case .client(let id): SessionFilter(client: id)
        case .host(let host): SessionFilter(host: host)
        }
    }

    /// A name with a dot, or `localhost`; everything else is a client's id.
    static func isHost(_ text: String) -> Bool {
        let labels = text.split(separator: ".", omittingEmptySubsequences: false)
        guard labels.count > 1 || text == "localhost" else { return false }
        return labels.allSatisfy { label in
            !label.isEmpty && label.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
        }
    }
}
