import JOSE
import OAuth
import Storage

extension AdministrationTask {
    func run(_ request: SessionRequest) async throws -> AdministrationAnswer {
        switch request {
        case .list(let selection): try await listSessions(selection)
        case .show(let text): try await showSession(text)
        case .revoke(let selection, let reason): try await revokeSessions(selection, reason)
        }
    }

    /// A listing ends here: what is longer helps nobody and must not fill the memory.
    static let longestList = 10_000

    /// What is said about a listing that is not whole.
    static func warning(isPartial: Bool) -> String? {
        isPartial ? "Only the newest \(longestList) are shown; narrow them by a filter." : nil
    }

    private func listSessions(_ selection: SessionSelection) async throws -> AdministrationAnswer {
        try await store.read { transaction in
            let filter = try self.filter(selection, transaction)
            let found = try transaction.sessions(filter, limit: Self.longestList + 1, now: now)
            return .many(
                try rows(Array(found.prefix(Self.longestList)), transaction),
                warning: Self.warning(isPartial: found.count > Self.longestList))
        }
    }

    private func showSession(_ text: String) async throws -> AdministrationAnswer {
        guard let id = SessionID(text) else { throw Self.noSession(text) }
        return try await store.read { transaction in
            guard let session = try transaction.session(id) else { throw Self.noSession(text) }
            var row = try rows([session], transaction).first ?? JSONObject()
            for (name, value) in session.details.members { row[name] = value }
            return .one(row)
        }
    }

    private func revokeSessions(_ selection: SessionSelection, _ reason: String?) async throws -> AdministrationAnswer {
        let reason = try reason.map { try AdministrationText.checked($0, as: "The reason") }
        let filter = try await store.read { try self.filter(selection, $0) }
        let ended = try await store.endSessions(filter, ending(.revokedByAdmin, reason))
        guard ended.count > 0 else {
            throw AdministrationError(.notFound, "No live session matches; nothing was ended.")
        }
        return .many(
            try await store.read { try self.rows(ended.sessions, $0) }, note: Self.note(ended: ended.count),
            warning: ended.count > ended.sessions.count ? "Only the first \(ended.sessions.count) are shown." : nil)
    }

    /// What this administrator decided about sessions; `text` stands beside the records, from where it can be erased.
    func ending(_ reason: EndReason, _ text: String? = nil) -> SessionEnding {
        SessionEnding(reason: reason, initiator: .admin, actor: administrator.actor, explanation: text, at: now)
    }

    /// The sessions as operators see them.
    func rows(_ sessions: [Session], _ transaction: Transaction) throws -> [JSONObject] {
        var users: [UserID: String] = [:]
        var resources: [ResourceID: String] = [:]
        return try sessions.map { session in
            if users[session.userID] == nil { users[session.userID] = try transaction.user(id: session.userID)?.name }
            if resources[session.resourceID] == nil {
                resources[session.resourceID] = try transaction.resource(id: session.resourceID)?.identifier.string
            }
            return session.row(user: users[session.userID], resource: resources[session.resourceID], at: now)
        }
    }

    /// The selection with its names looked up; a name that nobody has is refused instead of matching nothing.
    private func filter(_ selection: SessionSelection, _ transaction: Transaction) throws -> SessionFilter {
        var filter = SessionFilter()
        filter.ids = try selection.ids.map { text in
            guard let id = SessionID(text) else { throw Self.noSession(text) }
            return id
        }
        filter.user = try selection.user.map { try self.userOrSubject($0, transaction).id }
        filter.client = try selection.client.map { try ClientID($0) }
        filter.host = selection.host?.lowercased()
        filter.resource = try selection.resource.map { try self.resource($0, transaction).id }
        filter.state = try selection.state.map { text in
            guard let state = Session.State(rawValue: text) else {
                throw AdministrationError(.invalid, "'\(text)' is no state of a session.")
            }
            return state
        }
        filter.idleSince = selection.idleFor.map { now - $0 }
        return filter
    }

    /// The account of this name or subject, or the refusal that names it.
    func userOrSubject(_ text: String, _ transaction: Transaction) throws -> User {
        if let subject = Subject(text), let user = try transaction.user(subject: subject) { return user }
        return try user(text, transaction)
    }

    private static func noSession(_ text: String) -> AdministrationError {
        AdministrationError(.notFound, "There is no session '\(text)'; 'gatehouse sessions list' names them.")
    }
}

extension Session {
    /// The session as operators see it.
    fileprivate func row(user: String?, resource: String?, at now: Timestamp) -> JSONObject {
        [
            "id": .string(id.string), "user": JSON(user), "client_id": .string(clientID.string),
            "client_name": .string(clientName), "resource": JSON(resource), "scope": .string(scope.string),
            "state": .string(state(at: now).rawValue), "created_at": .string(createdAt.rfc3339),
            "expires_at": .string(expiresAt.rfc3339), "last_used_at": .string(lastUsedAt.rfc3339),
        ]
    }

    /// What only a closer look asks for.
    fileprivate var details: JSONObject {
        [
            "redirect_uri": .string(redirectURI), "idle_seconds": .integer(idleSeconds),
            "auth_time": .string(authTime.rfc3339), "ended_at": JSON(endedAt), "end_reason": JSON(endReason?.rawValue),
            "ended_by": JSON(endedBy?.rawValue),
        ]
    }
}
