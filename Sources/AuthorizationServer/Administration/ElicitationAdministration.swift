import JOSE
import OAuth
import Storage

extension AdministrationTask {
    func run(_ request: ElicitationsRequest) async throws -> AdministrationAnswer {
        switch request {
        case .list(let selection): try await listElicitations(selection)
        case .show(let text): try await showElicitation(text)
        case .cancel(let text): try await cancelElicitation(text)
        }
    }

    private func listElicitations(_ selection: ElicitationSelection) async throws -> AdministrationAnswer {
        let status = try selection.status.map { text in
            guard let status = ElicitationStatus(rawValue: text) else {
                throw AdministrationError(.invalid, "'\(text)' is no status of an elicitation.")
            }
            return status
        }
        return try await store.read { transaction in
            let user = try selection.user.map { try self.userOrSubject($0, transaction).id }
            let resource = try selection.resource.map { try self.resource($0, transaction).id }
            let found = try transaction.elicitations(
                user: user, resource: resource, status: status, limit: Self.longestList + 1)
            let rows = try found.prefix(Self.longestList).map { try row($0, transaction) }
            return .many(rows, warning: Self.warning(isPartial: found.count > Self.longestList))
        }
    }

    private func showElicitation(_ text: String) async throws -> AdministrationAnswer {
        guard let id = ElicitationID(text) else { throw Self.noElicitation(text) }
        return try await store.read { transaction in
            guard let elicitation = try transaction.elicitation(id) else { throw Self.noElicitation(text) }
            var row = try row(elicitation, transaction)
            for (name, value) in elicitation.details.members { row[name] = value }
            row["event"] = JSON(try transaction.event(of: id)?.event.id.string)
            return .one(row)
        }
    }

    private func cancelElicitation(_ text: String) async throws -> AdministrationAnswer {
        guard let id = ElicitationID(text) else { throw Self.noElicitation(text) }
        let outcome = ElicitationOutcome.cancelled(byAdmin: administrator.uid, claimed: administrator.claimed)
        return try await store.write { transaction in
            guard let elicitation = try transaction.elicitation(id) else { throw Self.noElicitation(text) }
            guard let cancelled = try transaction.finish(id, as: outcome, now: now) else {
                let status = elicitation.status(at: now)
                throw AdministrationError(.conflict, "The elicitation \(id) is over: it is \(status.rawValue).")
            }
            return .one(try row(cancelled, transaction))
        }
    }

    /// The elicitation as operators see it: whose it is and how it stands, not what the person typed.
    private func row(_ elicitation: Elicitation, _ transaction: Transaction) throws -> JSONObject {
        [
            "id": .string(elicitation.id.string), "kind": .string(elicitation.ask.kind.rawValue),
            "user": JSON(try transaction.user(id: elicitation.userID)?.name),
            "client_id": .string(elicitation.clientID.string),
            "resource": JSON(try transaction.resource(id: elicitation.resourceID)?.identifier.string),
            "session": .string(elicitation.sessionID.string), "status": .string(elicitation.status(at: now).rawValue),
            "created_at": .string(elicitation.createdAt.rfc3339), "expires_at": .string(elicitation.expiresAt.rfc3339),
        ]
    }

    private static func noElicitation(_ text: String) -> AdministrationError {
        AdministrationError(
            .notFound, "There is no elicitation '\(text)'; 'gatehouse elicitations list' names them.")
    }
}

extension Elicitation {
    /// What only a closer look asks for.
    fileprivate var details: JSONObject {
        [
            "message": .string(message), "version": .integer(version), "reason": JSON(reason),
            "reported_by": JSON(reportedBy), "finished_at": JSON(finishedAt), "collected_at": JSON(collectedAt),
        ]
    }
}
