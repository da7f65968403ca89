import JOSE
import OAuth
import Storage

/// The administration of sessions.
struct SessionAdministration: AdministrationNoun {
    let task: AdministrationTask

    func perform(_ request: SessionRequest) async throws -> AdministrationAnswer {
        switch request {
        case .list(let selection, let page): try await listSessions(selection, page)
        case .show(let text): try await showSession(text)
        case .preview(let selection, let shown):
            try await RevocationPreview(task: task).preview(
                of: SessionRequest.revoke(selection, reason: nil), shown: shown)
        case .revoke(let selection, let reason): try await revokeSessions(selection, reason)
        }
    }

    private func listSessions(
        _ selection: SessionSelection, _ request: PageRequest
    ) async throws -> AdministrationAnswer {
        try await store.read { transaction in
            let (filter, filters) = try SessionLookup(task: task).filters(selection, transaction)
            let cursor = try request.place { try SessionCursor(parsing: $0, in: filter, transaction) }
            let page = try Page(
                request, of: "session",
                read: { try transaction.sessions.list(filters, after: cursor, limit: $0, now: now) },
                place: { SessionCursor(after: $0, in: filter).text(in: filter) })
            return .many(try rows(page.items, transaction), warning: page.warning, next: page.next)
        }
    }

    private func showSession(_ text: String) async throws -> AdministrationAnswer {
        guard let id = SessionID(text) else { throw Self.sessionNotFound(text) }
        return try await store.read { transaction in
            guard let session = try transaction.sessions.find(id) else { throw Self.sessionNotFound(text) }
            var row = try rows([session], transaction).first ?? JSONObject()
            for (name, value) in session.details.members { row[name] = value }
            let origin = try transaction.devices.origin(of: id)
            for (name, value) in origin?.details.members ?? [] { row[name] = value }
            let demand = try transaction.signInDemands.find(of: id, now: now)
            row["required_sign_in_max_age"] = JSON(demand.map { Int($0.maxAge) })
            row["required_sign_in_until"] = JSON(demand?.expiresAt)
            for (name, value) in try transaction.sessions.grant(id)?.binding.members ?? [] { row[name] = value }
            return .one(row)
        }
    }

    private func revokeSessions(_ selection: SessionSelection, _ reason: String?) async throws -> AdministrationAnswer {
        let reason = try checkedReason(reason)
        let ending = ending(.revokedByAdmin, reason)
        let begun = try await store.write {
            try $0.sessions.end(SessionLookup(task: task).filters(selection, $0).each, ending)
        }
        let ended = try await store.endRest(of: begun)
        guard ended.count > 0 else {
            throw AdministrationError(.notFound, "No live session matches. Nothing was revoked.")
        }
        let notes = [Self.note(revokedSessions: ended.count), Self.note(reopening: ended.sessions)].compactMap(\.self)
        return .many(
            try await store.read { try self.rows(ended.sessions, $0) }, note: notes.joined(separator: " "),
            warning: ended.count > ended.sessions.count
                ? "Revoked \(ended.count) sessions; only the first \(ended.sessions.count) are shown." : nil)
    }

    /// The remark that clients that act for themselves can open other sessions; nil if none of the revoked ones is theirs.
    private static func note(reopening revoked: [Session]) -> String? {
        let clients = Set(revoked.filter { $0.userID == nil }.map(\.clientID))
        guard let client = clients.first else { return nil }
        let (who, word) =
            clients.count == 1
            ? ("Client '\(client)'", ShellWord.quoted(client.string)) : ("Clients that act for themselves", "ID")
        return
            "\(who) can open another session. Withdraw the permission with 'gatehouse clients permit \(word) --resource "
            + "URI --revoke', or block the client with 'gatehouse clients block \(word)'."
    }

    /// The rows of sessions, with the names of their users and MCP servers, each looked up once.
    func rows(_ sessions: [Session], _ transaction: Transaction) throws -> [JSONObject] {
        var users: [UserID: String] = [:]
        var resources: [ResourceID: String] = [:]
        let addresses = try transaction.approvalAddresses.find(sessions.map(\.id))
        return try sessions.map { session in
            if let user = session.userID, users[user] == nil {
                users[user] = try transaction.users.find(id: user)?.name
            }
            if resources[session.resourceID] == nil {
                resources[session.resourceID] = try transaction.resources.find(id: session.resourceID)?.identifier
                    .string
            }
            return session.row(
                user: session.userID.flatMap { users[$0] }, resource: resources[session.resourceID],
                address: addresses[session.id], at: now)
        }
    }
}

extension Session {
    /// The row of a session.
    fileprivate func row(user: String?, resource: String?, address: String?, at now: Timestamp) -> JSONObject {
        let state = state(at: now)
        return [
            "id": .string(id.string), "user": JSON(user), "client_id": .string(clientID.string),
            "client_name": .string(clientName), "client_host": JSON(clientHost), "resource": JSON(resource),
            "scope": .string(scope.string),
            "state": .string(state.rawValue), "created_at": .string(createdAt.rfc3339),
            "expires_at": .string(expiresAt.rfc3339), "last_used_at": .string(lastUsedAt.rfc3339),
            // The housekeeper stores an expiry within a minute; until then the limits say when it was.
            "ended_at": JSON(endedAt ?? (state == .expired ? unusedExpiry : nil)), "address": JSON(address),
        ]
    }

    /// The additional fields of `sessions show`.
    fileprivate var details: JSONObject {
        [
            "redirect_uri": JSON(redirectURI), "idle_seconds": .integer(idleSeconds),
            "auth_time": userID == nil ? .null : .string(authTime.rfc3339),
            "end_reason": JSON(endReason?.rawValue),
            "ended_by": JSON(endedBy?.rawValue),
        ]
    }
}

extension SessionGrant {
    /// The fields of `sessions show` about a key to which tokens are bound. They are null before the client has any token, and for a
    /// client that acts for itself: it has no refresh token, and each access token is bound, or not, by its own request.
    fileprivate var binding: JSONObject {
        guard generation > 0, user != nil else { return ["dpop_bound": .null, "dpop_jkt": .null] }
        let key: KeyThumbprint? = if case .key(let thumbprint) = proofDemand { thumbprint } else { nil }
        return ["dpop_bound": .bool(proofDemand != .nothing), "dpop_jkt": JSON(key?.string)]
    }
}

extension DeviceOrigin {
    /// The fields of `sessions show` for a session that a device began.
    fileprivate var details: JSONObject {
        [
            "started_on": "device", "requested_at": .string(requestedAt.rfc3339),
            "requested_from": JSON(requestedFrom), "approved_from": JSON(approvedFrom),
        ]
    }
}
