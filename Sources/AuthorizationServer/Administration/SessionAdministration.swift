import JOSE
import OAuth
import Storage

extension AdministrationTask {
    func run(_ request: SessionRequest) async throws -> AdministrationAnswer {
        switch request {
        case .list(let selection, let page): try await listSessions(selection, page)
        case .show(let text): try await showSession(text)
        case .preview(let selection): try await previewRevocation(selection)
        case .revoke(let selection, let reason): try await revokeSessions(selection, reason)
        }
    }

    private func listSessions(
        _ selection: SessionSelection, _ request: PageRequest
    ) async throws -> AdministrationAnswer {
        try await store.read { transaction in
            let filter = try self.filter(selection, transaction)
            let cursor = try request.place { try SessionCursor(parsing: $0, in: filter, transaction) }
            let page = try Page(
                request, of: "session",
                read: { try transaction.sessions(filter, after: cursor, limit: $0, now: now) },
                place: { SessionCursor(after: $0, in: filter).text(in: filter) })
            return .many(try rows(page.items, transaction), warning: page.warning)
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

    /// How many sessions are shown before they are ended.
    private static let previewed = 10

    /// What a revocation would end if it were asked for now.
    private func previewRevocation(_ selection: SessionSelection) async throws -> AdministrationAnswer {
        try await store.read { transaction in
            let filter = try self.filter(selection, transaction)
            let live = try transaction.liveSessionCounts(filter, now: now)
            let first = try transaction.newestLiveSessions(filter, limit: Self.previewed, now: now)
            return .many(try rows(first, transaction), note: live.sentence(shown: first.count))
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

    static func noSession(_ text: String) -> AdministrationError {
        AdministrationError(.notFound, "There is no session '\(text)'; 'gatehouse sessions list' names them.")
    }
}

extension LiveSessionCounts {
    /// What is said before the question.
    fileprivate func sentence(shown: Int) -> String? {
        guard sessions > 0 else { return nil }
        func count(_ number: Int64, _ one: String, _ many: String) -> String { "\(number) \(number == 1 ? one : many)" }
        let whole = [
            count(sessions, "live session", "live sessions"), "of " + count(people, "person", "people"),
            "at " + count(resources, "MCP server", "MCP servers"), "by " + count(clients, "client", "clients"),
        ].joined(separator: " ")
        return whole + (sessions > shown ? ", of which the newest \(shown) are shown." : ".")
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
