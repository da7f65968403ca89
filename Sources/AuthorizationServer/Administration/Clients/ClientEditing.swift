import JOSE
import OAuth
import Storage

/// What a change does to a registered client and to its sessions, worked out before anything is written.
struct ClientEdit {
    let before: RegisteredClient
    let after: RegisteredClient
    let changes: [FieldChange]
    /// The sessions at MCP servers that are taken from the client.
    let ends: [SessionFilter]
    /// The approved sessions whose code went to a redirect that is removed.
    let voided: [SessionID]

    /// All sessions that end.
    var filters: [SessionFilter] { ends + (voided.isEmpty ? [] : [SessionFilter(ids: voided)]) }
    /// Whether requests that wait have to begin anew.
    var voidsRequests: Bool { !filters.isEmpty || Set(before.redirectURIs).isSubset(of: after.redirectURIs) == false }
}

/// Finds clients that an administrator registered; only these can be changed here.
struct RegisteredClientLookup: AdministrationNoun {
    let task: AdministrationTask

    func client(_ text: String, _ transaction: Transaction) throws -> RegisteredClient {
        let id = try ClientID(text)
        if let client = try transaction.clients.find(id) { return client }
        if id.isSelfRegistered {
            throw AdministrationError(
                .invalid,
                "Client '\(id)' registered itself and changes its own registration. To keep it out, use 'gatehouse clients block'."
            )
        }
        guard try isKnown(id, transaction) else { throw Self.clientNotFound(id) }
        throw AdministrationError(
            .invalid,
            "Client '\(id)' is described by its metadata document; change the document, and fetch it with 'gatehouse clients "
                + "refresh'. 'gatehouse clients add --id' replaces the document by a registration.")
    }
}

/// Changes registered clients: name, redirect URIs and MCP servers.
struct ClientEditing: AdministrationNoun {
    let task: AdministrationTask

    func edit(
        _ text: String, _ change: ClientChange, _ reason: String?, isDryRun: Bool
    ) async throws -> AdministrationAnswer {
        let reason = try checkedReason(reason)
        let lookup = RegisteredClientLookup(task: task)
        if isDryRun {
            return try await store.read { transaction in
                let edit = try plan(lookup.client(text, transaction), change, transaction)
                let count = try transaction.sessionReports.liveCounts(edit.filters, now: now).sessions
                return .one(
                    try self.row(of: edit, transaction).counting(revokedSessions: Int(count)),
                    note: edit.changes.isEmpty ? "Nothing changes." : nil)
            }
        }
        let (row, isEmpty, ended) = try await store.write { transaction in
            let edit = try plan(lookup.client(text, transaction), change, transaction)
            let ended = try carryOut(edit, reason, transaction)
            return (try self.row(of: edit, transaction), edit.changes.isEmpty, ended)
        }
        let count = try await store.endRest(of: ended).count
        return .one(
            row.counting(revokedSessions: count), note: isEmpty ? "Nothing changes." : Self.note(revokedSessions: count)
        )
    }

    /// What the change would do. Throws for the first part that is unknown or invalid.
    func plan(
        _ client: RegisteredClient, _ change: ClientChange, _ transaction: Transaction
    ) throws -> ClientEdit {
        guard !client.grantTypes.contains(.clientCredentials) || change.redirectURIs == nil && change.resources == nil
        else {
            throw AdministrationError(
                .invalid,
                "Client '\(client.id)' acts for itself and has no redirect URIs. Change its MCP servers with 'gatehouse clients "
                    + "permit'.")
        }
        let redirects = try change.redirectURIs.map { try self.redirects($0, of: client, change.ownSchemes) }
        var resources: [ResourceID]?
        for name in change.resources ?? [] {
            let id = try resource(name, transaction).id
            if resources?.contains(id) != true { resources = (resources ?? []) + [id] }
        }
        let after = client.changed(
            name: try change.name.map { try AdministrationText.checked($0, as: "The name") } ?? client.name,
            redirects: redirects ?? client.redirectURIs,
            resources: change.resources == nil ? client.resources : resources ?? []
        )
        .keepingRemoved(of: client, try removed(among: client.resources, transaction))
        return ClientEdit(
            before: client, after: after, changes: try changes(from: client, to: after, transaction),
            ends: try ends(from: client, to: after, transaction), voided: try voided(by: after, transaction))
    }

    /// Writes the change with its record, voids what waits, and begins to end the sessions at MCP servers that were taken away.
    func carryOut(_ edit: ClientEdit, _ reason: String?, _ transaction: Transaction) throws -> EndedSessions {
        guard !edit.changes.isEmpty else { return EndedSessions() }
        try transaction.clients.update(edit.after)
        if edit.voidsRequests { try transaction.pushedRequests.removeOpen(of: edit.before.id) }
        try audit(
            transaction, .clientChanged, client: edit.before.id,
            reason: edit.changes.map(\.field).joined(separator: ", "),
            explanation: reason, changes: edit.changes.map(\.recorded))
        var ended = EndedSessions()
        if !edit.voided.isEmpty {
            ended.merge(
                try transaction.sessions.end(SessionFilter(ids: edit.voided), ending(.redirectRemoved, reason)))
        }
        ended.merge(try transaction.sessions.end(edit.ends, ending(.resourceWithdrawn, reason)))
        return ended
    }

    private func redirects(
        _ texts: [String], of client: RegisteredClient, _ ownSchemes: [String]
    ) throws -> [RedirectURI] {
        var redirects: [RedirectURI] = []
        for text in texts where !redirects.contains(where: { $0.string == text }) {
            redirects.append(try RedirectURI(text))
        }
        guard !redirects.isEmpty || client.grantTypes.contains(.deviceCode) else {
            throw AdministrationError(.invalid, "A client must have at least one redirect URI.")
        }
        // A scheme that the client has already was confirmed when it was registered.
        let known = client.redirectURIs.compactMap(\.ownScheme?.description)
        let used = Set(redirects.compactMap(\.ownScheme?.description))
        try OwnSchemes(ownSchemes + known.filter { used.contains($0) && !ownSchemes.contains($0) }).check(redirects)
        return redirects
    }

    private func changes(
        from before: RegisteredClient, to after: RegisteredClient, _ transaction: Transaction
    ) throws -> [FieldChange] {
        func servers(_ ids: [ResourceID]) throws -> String {
            guard !ids.isEmpty else { return "any" }
            return try ids.compactMap { try transaction.resources.find(id: $0) }
                .map { $0.identifier.string + ($0.removedAt == nil ? "" : " (removed)") }.sorted()
                .joined(separator: " ")
        }
        func redirects(_ client: RegisteredClient) -> String {
            client.redirectURIs.isEmpty ? "none" : client.redirectURIs.map(\.string).joined(separator: " ")
        }
        return [
            FieldChange("name", from: before.name, to: after.name),
            FieldChange("redirect URIs", from: redirects(before), to: redirects(after)),
            FieldChange("MCP servers", from: try servers(before.resources), to: try servers(after.resources)),
        ].compactMap(\.self)
    }

    /// The MCP servers of a client that were removed since.
    private func removed(among ids: [ResourceID], _ transaction: Transaction) throws -> Set<ResourceID> {
        Set(try ids.filter { try transaction.resources.find(id: $0)?.removedAt != nil })
    }

    private func ends(
        from before: RegisteredClient, to after: RegisteredClient, _ transaction: Transaction
    ) throws -> [SessionFilter] {
        guard !after.resources.isEmpty else { return [] }
        return try transaction.resources.list().map(\.id)
            .filter { before.mayUse($0) && !after.mayUse($0) }
            .map { SessionFilter(client: before.id, resource: $0) }
    }

    /// The sessions that wait for the redemption of a code that went to a redirect which the client no longer has.
    private func voided(by after: RegisteredClient, _ transaction: Transaction) throws -> [SessionID] {
        let waiting = SessionFilter(client: after.id, state: .approved)
        return try transaction.sessions.list(waiting, limit: Self.mostWaiting, now: now).filter { session in
            guard let redirect = session.redirectURI else { return false }
            return RedirectRule.verify(redirect, registered: after.redirectURIs, localhostAnyPort: true) == nil
        }.map(\.id)
    }

    /// Codes live for minutes, so that a client has few.
    private static let mostWaiting = 10_000

    private func row(of edit: ClientEdit, _ transaction: Transaction) throws -> JSONObject {
        var row: JSONObject = [
            "client_id": .string(edit.after.id.string), "name": .string(edit.after.name),
            "redirect_uris": .strings(edit.after.redirectURIs.map(\.string)),
        ]
        row["resources"] = .strings(
            try edit.after.resources.compactMap { try transaction.resources.find(id: $0)?.identifier.string })
        row["changes"] = .array(edit.changes.map(\.row))
        return row
    }
}

extension RegisteredClient {
    /// This client with the list of `before`, if both lists name the same MCP servers that exist: removed ones cannot be named, and
    /// dropping them could turn a list into no list, which means every MCP server.
    fileprivate func keepingRemoved(of before: RegisteredClient, _ removed: Set<ResourceID>) -> RegisteredClient {
        let isSame = Set(resources) == Set(before.resources).subtracting(removed) && !resources.isEmpty
        return isSame ? restricted(to: before.resources) : self
    }

    /// The client with other values. Its grant types follow from its redirects: without one there is no authorization code.
    fileprivate func changed(name: String, redirects: [RedirectURI], resources: [ResourceID]) -> RegisteredClient {
        var grants = grantTypes.filter { $0 != .authorizationCode }
        if !redirects.isEmpty, !grants.contains(.clientCredentials) { grants.insert(.authorizationCode, at: 0) }
        return RegisteredClient(
            id: id, name: name, redirectURIs: redirects, authMethod: authMethod, secretDigest: secretDigest, keys: keys,
            grantTypes: redirects == redirectURIs ? grantTypes : grants, requirements: requirements,
            resources: resources, createdAt: createdAt)
    }
}
