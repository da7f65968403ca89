import JOSE
import OAuth
import Storage

/// What can be asked about jobs.
package enum JobsRequest: Codable, Hashable, Sendable {
    /// Names those that match, the newest first.
    case list(JobSelection, page: PageRequest = PageRequest())
    /// Describes one.
    case show(String)
    /// Ends these, all or none; with what is to stand beside the records.
    case end([String], reason: String?)
}

/// Which jobs are meant; what is not said does not narrow.
package struct JobSelection: Codable, Hashable, Sendable {
    /// Those of a person, by name or subject.
    package var user: String?
    /// Those of an MCP server, by id or identifier.
    package var resource: String?
    /// Those of a session.
    package var session: String?
    /// Those that are open, or have ended.
    package var state: String?

    /// A selection that does not narrow unless told to.
    package init(user: String? = nil, resource: String? = nil, session: String? = nil, state: String? = nil) {
        self.user = user
        self.resource = resource
        self.session = session
        self.state = state
    }
}

/// Jobs: listed, described and cancelled.
struct JobAdministration: AdministrationNoun {
    let task: AdministrationTask

    /// More would hold up everybody else's writes.
    private static let mostEnded = 1_000

    func perform(_ request: JobsRequest) async throws -> AdministrationAnswer {
        switch request {
        case .list(let selection, let page): try await listJobs(selection, page)
        case .show(let text): try await showJob(text)
        case .end(let texts, let reason): try await endJobs(texts, reason)
        }
    }

    private func listJobs(_ selection: JobSelection, _ request: PageRequest) async throws -> AdministrationAnswer {
        try await store.read { transaction in
            let filter = try filter(selection, transaction)
            let place = try request.place { text in try JobID(text).flatMap { try transaction.jobs.find($0)?.id } }
            let page = try Page(
                request, of: "job", read: { try transaction.jobs.list(filter, after: place, now: now, limit: $0) },
                place: \.id)
            return .many(page.items.map(\.row), warning: page.warning, next: page.next)
        }
    }

    private func showJob(_ text: String) async throws -> AdministrationAnswer {
        guard let id = JobID(text) else { throw Self.noJob(text) }
        return try await store.read { .one(try listedJob(id, $0).details) }
    }

    /// A name that nobody has undoes all of it: it was likely mistyped.
    private func endJobs(_ texts: [String], _ reason: String?) async throws -> AdministrationAnswer {
        let reason = try reason.map { try AdministrationText.checked($0, as: "The reason") }
        guard texts.count <= Self.mostEnded else {
            throw AdministrationError(.invalid, "Name at most \(Self.mostEnded) jobs at once.")
        }
        let ids = try texts.map { text in
            guard let id = JobID(text) else { throw Self.noJob(text) }
            return id
        }
        let end = JobEnd.byAdmin(uid: administrator.uid, claimed: administrator.claimed)
        return try await store.write { transaction in
            var rows: [JSONObject] = []
            for id in ids {
                guard try transaction.jobs.find(id) != nil else { throw Self.noJob(id.string) }
                guard try transaction.jobs.end(id, end, explanation: reason, now: now)?.endReason == .person else {
                    continue
                }
                rows.append(try listedJob(id, transaction).row)
            }
            guard !rows.isEmpty else {
                throw AdministrationError(
                    .conflict, ids.count == 1 ? "The job \(ids[0]) is over." : "All of these jobs are over.")
            }
            return .many(rows, note: "Ended \(rows.count) job\(rows.count == 1 ? "" : "s").")
        }
    }

    private func listedJob(_ id: JobID, _ transaction: Transaction) throws -> JobListing {
        guard let found = try transaction.jobs.listed(id, now: now) else { throw Self.noJob(id.string) }
        return found
    }

    private func filter(_ selection: JobSelection, _ transaction: Transaction) throws -> JobFilter {
        var filter = JobFilter()
        filter.user = try selection.user.map { try userOrSubject($0, transaction).id }
        filter.resource = try selection.resource.map { try resource($0, transaction).id }
        filter.session = try selection.session.map { text in
            guard let id = SessionID(text), try transaction.sessions.find(id) != nil else { throw Self.noSession(text) }
            return id
        }
        filter.state = try selection.state.map { text in
            guard let state = JobListing.State(rawValue: text) else {
                throw AdministrationError(.invalid, "'\(text)' is no state of a job; say open or ended.")
            }
            return state
        }
        return filter
    }

    private static func noJob(_ text: String) -> AdministrationError {
        AdministrationError(.notFound, "There is no job '\(text)'; 'gatehouse jobs list' names them.")
    }
}

extension JobListing {
    /// The job as operators see it; its purpose is the MCP server's word.
    fileprivate var row: JSONObject {
        [
            "id": .string(id), "user": JSON(user), "client_id": .string(clientID), "resource": JSON(resource),
            "session": .string(session), "state": .string(state.rawValue), "actions": .strings(actions),
            "purpose": .string(purpose), "created_at": .string(createdAt.rfc3339),
            "expires_at": .string(expiresAt.rfc3339),
        ]
    }

    /// With what only a closer look asks for.
    fileprivate var details: JSONObject {
        var row = row
        row["scope"] = .string(scope)
        row["ended_at"] = JSON(endedAt)
        row["end_reason"] = JSON(endReason)
        return row
    }
}
