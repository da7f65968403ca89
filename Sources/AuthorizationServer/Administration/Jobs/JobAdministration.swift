import JOSE
import OAuth
import Storage

/// The requests about jobs.
package enum JobsRequest: Codable, Hashable, Sendable {
    /// Lists the matching jobs, newest first.
    case list(JobSelection, page: PageRequest = PageRequest())
    /// Shows one job.
    case show(String)
    /// Cancels all of these jobs, or none of them if one is unknown.
    case end([String], reason: String?)
}

extension JobsRequest: NounRequest {
    package var traits: RequestTraits {
        switch self {
        case .list, .show: .safeOnRolledBackTrail
        case .end: []
        }
    }

    func perform(_ task: AdministrationTask) async throws -> AdministrationAnswer {
        try await JobAdministration(task: task).perform(self)
    }
}

/// A selection of jobs. A job matches if it matches every criterion that is set.
package struct JobSelection: Codable, Hashable, Sendable {
    /// Only jobs of this user (name or subject).
    package var user: String?
    /// Only jobs of this MCP server (ID or identifier).
    package var resource: String?
    /// Only jobs of this session.
    package var session: String?
    /// Only jobs in this state.
    package var state: String?

    /// Selects every job by default.
    package init(user: String? = nil, resource: String? = nil, session: String? = nil, state: String? = nil) {
        self.user = user
        self.resource = resource
        self.session = session
        self.state = state
    }
}

/// The administration of jobs.
struct JobAdministration: AdministrationNoun {
    let task: AdministrationTask

    /// The maximum number of jobs in one request, because its single transaction blocks all other writes.
    private static let mostCancelled = 1_000

    func perform(_ request: JobsRequest) async throws -> AdministrationAnswer {
        switch request {
        case .list(let selection, let page): try await listJobs(selection, page)
        case .show(let text): try await showJob(text)
        case .end(let texts, let reason): try await cancelJobs(texts, reason)
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
        guard let id = JobID(text) else { throw Self.jobNotFound(text) }
        return try await store.read { .one(try listedJob(id, $0).details) }
    }

    /// An unknown ID is likely mistyped, so that it fails the whole request.
    private func cancelJobs(_ texts: [String], _ reason: String?) async throws -> AdministrationAnswer {
        let reason = try reason.map { try AdministrationText.checked($0, as: "The reason") }
        guard texts.count <= Self.mostCancelled else {
            throw AdministrationError(.invalid, "Too many jobs: give at most \(Self.mostCancelled) IDs.")
        }
        let ids = try texts.map { text in
            guard let id = JobID(text) else { throw Self.jobNotFound(text) }
            return id
        }
        let end = JobEnd.byAdmin(uid: administrator.uid, claimed: administrator.claimed)
        return try await store.write { transaction in
            var rows: [JSONObject] = []
            for id in ids {
                guard try transaction.jobs.find(id) != nil else { throw Self.jobNotFound(id.string) }
                guard try transaction.jobs.end(id, end, explanation: reason, now: now)?.endReason == .person else {
                    continue
                }
                rows.append(try listedJob(id, transaction).row)
            }
            guard !rows.isEmpty else {
                throw AdministrationError(
                    .conflict,
                    ids.count == 1 ? "Job '\(ids[0])' has already ended." : "All of these jobs have already ended.")
            }
            return .many(rows, note: "Cancelled \(rows.count) job\(rows.count == 1 ? "" : "s").")
        }
    }

    private func listedJob(_ id: JobID, _ transaction: Transaction) throws -> JobListing {
        guard let listing = try transaction.jobs.listed(id, now: now) else { throw Self.jobNotFound(id.string) }
        return listing
    }

    private func filter(_ selection: JobSelection, _ transaction: Transaction) throws -> JobFilter {
        var filter = JobFilter()
        filter.user = try selection.user.map { try userOrSubject($0, transaction).id }
        filter.resource = try selection.resource.map { try resource($0, transaction).id }
        filter.session = try selection.session.map { text in
            guard let id = SessionID(text), try transaction.sessions.find(id) != nil else {
                throw Self.sessionNotFound(text)
            }
            return id
        }
        filter.state = try selection.state.map { text in
            guard let state = JobListing.State(rawValue: text) else {
                throw AdministrationError(.invalid, "'\(text)' is not a state of a job: use open or ended.")
            }
            return state
        }
        return filter
    }

    private static func jobNotFound(_ text: String) -> AdministrationError {
        AdministrationError(.notFound, "Job '\(text)' not found. List jobs with 'gatehouse jobs list'.")
    }
}

extension JobListing {
    /// The row of a job. Its purpose is text from the MCP server.
    fileprivate var row: JSONObject {
        [
            "id": .string(id), "user": JSON(user), "client_id": .string(clientID), "resource": JSON(resource),
            "session": .string(session), "state": .string(state.rawValue), "actions": .strings(actions),
            "purpose": .string(purpose), "created_at": .string(createdAt.rfc3339),
            "expires_at": .string(expiresAt.rfc3339),
        ]
    }

    /// The row with the additional fields of `jobs show`.
    fileprivate var details: JSONObject {
        var row = row
        row["scope"] = .string(scope)
        row["ended_at"] = JSON(endedAt)
        row["end_reason"] = JSON(endReason)
        return row
    }
}
