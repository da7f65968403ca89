import JOSE
import OAuth
import Storage

/// The requests about elicitations.
package enum ElicitationsRequest: Codable, Hashable, Sendable {
    /// Lists the matching elicitations, newest first.
    case list(ElicitationSelection, page: PageRequest = PageRequest())
    /// Shows one, by its ID.
    case show(String)
    /// Cancels those of these elicitations that are open.
    case cancel([String])
}

extension ElicitationsRequest: NounRequest {
    package var traits: RequestTraits {
        switch self {
        case .list, .show: .safeOnRolledBackTrail
        case .cancel: []
        }
    }

    func perform(_ task: AdministrationTask) async throws -> AdministrationAnswer {
        try await ElicitationAdministration(task: task).perform(self)
    }
}

/// A selection of elicitations. An elicitation matches if it matches every criterion that is set.
package struct ElicitationSelection: Codable, Hashable, Sendable {
    /// Only elicitations for this user (name or subject).
    package var user: String?
    /// Only elicitations of this MCP server (ID or identifier).
    package var resource: String?
    /// Only elicitations with this status.
    package var status: String?

    /// Selects every elicitation by default.
    package init(user: String? = nil, resource: String? = nil, status: String? = nil) {
        self.user = user
        self.resource = resource
        self.status = status
    }
}

/// The administration of elicitations.
struct ElicitationAdministration: AdministrationNoun {
    let task: AdministrationTask

    func perform(_ request: ElicitationsRequest) async throws -> AdministrationAnswer {
        switch request {
        case .list(let selection, let page): try await listElicitations(selection, page)
        case .show(let text): try await showElicitation(text)
        case .cancel(let texts): try await cancelElicitations(texts)
        }
    }

    private func listElicitations(
        _ selection: ElicitationSelection, _ request: PageRequest
    ) async throws -> AdministrationAnswer {
        let status = try selection.status.map { text in
            guard let status = ElicitationStatus(rawValue: text) else {
                throw AdministrationError(.invalid, "'\(text)' is not a state of an elicitation.")
            }
            return status
        }
        return try await store.read { transaction in
            let user = try selection.user.map { try self.userOrSubject($0, transaction).id }
            let resource = try selection.resource.map { try self.resource($0, transaction).id }
            let place = try request.place { text in
                try ElicitationID(text).flatMap { try transaction.elicitations.listed($0, now: now) == nil ? nil : $0 }
            }
            let page = try Page(
                request, of: "elicitation",
                read: {
                    try transaction.elicitations.list(
                        user: user, resource: resource, status: status, after: place, now: now, limit: $0)
                }, place: \.id)
            return .many(page.items.map(\.row), warning: page.warning, next: page.next)
        }
    }

    private func showElicitation(_ text: String) async throws -> AdministrationAnswer {
        guard let id = ElicitationID(text) else { throw Self.elicitationNotFound(text) }
        return try await store.read { transaction in
            let listing = try listing(id, transaction)
            var row = listing.row
            for (name, value) in listing.details.members { row[name] = value }
            row["event"] = JSON(try transaction.events.find(of: id)?.event.id.string)
            let isReadable = (try? transaction.elicitations.find(id))??.ask != nil
            return .one(row, warning: isReadable ? nil : Self.unreadable(listing))
        }
    }

    private func cancelElicitations(_ texts: [String]) async throws -> AdministrationAnswer {
        let ids = try texts.map { text in
            guard let id = ElicitationID(text) else { throw Self.elicitationNotFound(text) }
            return id
        }
        let outcome = ElicitationOutcome.cancelled(byAdmin: administrator.uid, claimed: administrator.claimed)
        return try await store.write { transaction in
            var rows: [JSONObject] = []
            var ended: [String] = []
            for id in ids {
                let listing = try listing(id, transaction)
                guard try transaction.elicitations.close(id, as: outcome, now: now) else {
                    ended.append("Elicitation '\(id)' cannot be cancelled: it is \(listing.status).")
                    continue
                }
                rows.append(try self.listing(id, transaction).row)
            }
            guard !rows.isEmpty else {
                throw AdministrationError(
                    .conflict, ended.count == 1 ? ended[0] : "None of these elicitations is open.")
            }
            return .many(
                rows, note: "Cancelled \(rows.count) elicitation\(rows.count == 1 ? "" : "s").",
                warning: ended.isEmpty ? nil : ended.joined(separator: " "))
        }
    }

    private func listing(_ id: ElicitationID, _ transaction: Transaction) throws -> ElicitationListing {
        guard let listing = try transaction.elicitations.listed(id, now: now) else {
            throw Self.elicitationNotFound(id.string)
        }
        return listing
    }

    private static func unreadable(_ listing: ElicitationListing) -> String {
        let fault = "The question of elicitation '\(listing.id)' is unreadable."
        guard ElicitationStatus(rawValue: listing.status)?.isOpen == true else { return fault }
        return fault + " Nobody can answer it; it expires, or cancel it with 'gatehouse elicitations cancel'."
    }

    private static func elicitationNotFound(_ text: String) -> AdministrationError {
        AdministrationError(
            .notFound, "Elicitation '\(text)' not found. List elicitations with 'gatehouse elicitations list'.")
    }
}

extension ElicitationListing {
    /// The row of an elicitation, without the user's input.
    fileprivate var row: JSONObject {
        [
            "id": .string(id), "kind": .string(kind), "user": JSON(user), "client_id": .string(clientID),
            "resource": JSON(resource), "session": .string(session), "status": .string(status),
            "created_at": .string(createdAt.rfc3339), "expires_at": .string(expiresAt.rfc3339),
        ]
    }

    /// The additional fields of `elicitations show`.
    fileprivate var details: JSONObject {
        [
            "message": .string(message), "version": .integer(version), "reason": JSON(reason),
            "reported_by": JSON(reportedBy), "finished_at": JSON(finishedAt), "collected_at": JSON(collectedAt),
        ]
    }
}
