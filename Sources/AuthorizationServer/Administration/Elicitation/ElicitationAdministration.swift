import JOSE
import OAuth
import Storage

/// What can be asked about elicitations.
package enum ElicitationsRequest: Codable, Hashable, Sendable {
    /// Names those that match, the newest first.
    case list(ElicitationSelection, page: PageRequest = PageRequest())
    /// Describes one by its handle.
    case show(String)
    /// Cancels one that still waits for its person.
    case cancel(String)
}

/// Which elicitations are meant; what is not said does not narrow.
package struct ElicitationSelection: Codable, Hashable, Sendable {
    /// Those of a person, by name or subject.
    package var user: String?
    /// Those of an MCP server, by id or identifier.
    package var resource: String?
    /// Those that stand so.
    package var status: String?

    /// A selection that does not narrow unless told to.
    package init(user: String? = nil, resource: String? = nil, status: String? = nil) {
        self.user = user
        self.resource = resource
        self.status = status
    }
}

/// Elicitations: listed, described and cancelled.
struct ElicitationAdministration: AdministrationNoun {
    let task: AdministrationTask

    func perform(_ request: ElicitationsRequest) async throws -> AdministrationAnswer {
        switch request {
        case .list(let selection, let page): try await listElicitations(selection, page)
        case .show(let text): try await showElicitation(text)
        case .cancel(let text): try await cancelElicitation(text)
        }
    }

    private func listElicitations(
        _ selection: ElicitationSelection, _ request: PageRequest
    ) async throws -> AdministrationAnswer {
        let status = try selection.status.map { text in
            guard let status = ElicitationStatus(rawValue: text) else {
                throw AdministrationError(.invalid, "'\(text)' is no status of an elicitation.")
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
        guard let id = ElicitationID(text) else { throw Self.noElicitation(text) }
        return try await store.read { transaction in
            let listing = try listing(id, transaction)
            var row = listing.row
            for (name, value) in listing.details.members { row[name] = value }
            row["event"] = JSON(try transaction.events.find(of: id)?.event.id.string)
            let isReadable = (try? transaction.elicitations.find(id))??.ask != nil
            return .one(row, warning: isReadable ? nil : Self.unreadable(listing))
        }
    }

    private func cancelElicitation(_ text: String) async throws -> AdministrationAnswer {
        guard let id = ElicitationID(text) else { throw Self.noElicitation(text) }
        let outcome = ElicitationOutcome.cancelled(byAdmin: administrator.uid, claimed: administrator.claimed)
        return try await store.write { transaction in
            let listing = try listing(id, transaction)
            guard try transaction.elicitations.close(id, as: outcome, now: now) else {
                throw AdministrationError(.conflict, "The elicitation \(id) is over: it is \(listing.status).")
            }
            return .one(try self.listing(id, transaction).row)
        }
    }

    private func listing(_ id: ElicitationID, _ transaction: Transaction) throws -> ElicitationListing {
        guard let found = try transaction.elicitations.listed(id, now: now) else { throw Self.noElicitation(id.string) }
        return found
    }

    private static func unreadable(_ listing: ElicitationListing) -> String {
        let fault = "What the elicitation \(listing.id) asks cannot be read any more"
        guard ElicitationStatus(rawValue: listing.status)?.isOpen == true else { return fault + "." }
        return fault + ", so that nobody can answer it: it ends by itself, or by 'gatehouse elicitations cancel'."
    }

    private static func noElicitation(_ text: String) -> AdministrationError {
        AdministrationError(
            .notFound, "There is no elicitation '\(text)'; 'gatehouse elicitations list' names them.")
    }
}

extension ElicitationListing {
    /// The elicitation as operators see it: whose it is and how it stands, not what the person typed.
    fileprivate var row: JSONObject {
        [
            "id": .string(id), "kind": .string(kind), "user": JSON(user), "client_id": .string(clientID),
            "resource": JSON(resource), "session": .string(session), "status": .string(status),
            "created_at": .string(createdAt.rfc3339), "expires_at": .string(expiresAt.rfc3339),
        ]
    }

    /// What only a closer look asks for.
    fileprivate var details: JSONObject {
        [
            "message": .string(message), "version": .integer(version), "reason": JSON(reason),
            "reported_by": JSON(reportedBy), "finished_at": JSON(finishedAt), "collected_at": JSON(collectedAt),
        ]
    }
}
