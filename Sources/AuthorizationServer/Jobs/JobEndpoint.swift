package import JOSE
import OAuth
import Storage

/// Opens, reports and ends the jobs of an MCP server. A job of another MCP server is answered like one that does not
/// exist.
package struct JobEndpoint: Sendable {
    private enum OpeningOutcome: Sendable {
        case opened(Job)
        case refused(OAuthError)
    }

    let store: Store
    let authentication: ResourceAuthentication
    let subjects: SubjectTokens
    let clock: WallClock

    /// Opens a job in the session of the subject token. The job expires no later than the session.
    package func open(_ body: [UInt8], authorization: String?) async throws -> JSON {
        let now = clock.now()
        let resource = try await authentication.identify(authorization)
        let request = try JobRequest(json: JSONObject(requestBody: body), now: now)
        let claims = subjects.claims(of: request.subjectToken, now: now)
        let outcome = try await store.write { transaction in
            guard let claims, let session = try subjects.session(of: claims, for: resource, in: transaction, now: now)
            else { return OpeningOutcome.refused(SubjectTokens.invalid) }
            // A job is work for a user, who sees it on the account page and can cancel it there.
            guard let user = session.user else { return .refused(SubjectTokens.noUser) }
            // Each job leaves audit records, so a server that opens and ends jobs in a loop has to be limited as well.
            guard try transaction.resources.countDecision(for: resource.id, now: now) else {
                return .refused(EvaluationEndpoint.limitReached)
            }
            let scope = claims.scope.intersection(session.scope)
            if let refusal = try refusal(of: request, scope: scope, in: session, in: transaction, now: now) {
                return .refused(refusal)
            }
            let job = Job(
                of: session, for: user, actions: request.actions, scope: scope, purpose: request.purpose,
                createdAt: now,
                expiresAt: min(request.expiresAt, session.expiresAt))
            try transaction.jobs.open(job)
            return .opened(job)
        }
        switch outcome {
        case .opened(let job): return job.json
        case .refused(let error): throw authentication.observed(error)
        }
    }

    /// The refusal of a job; nil if it may be opened. Actions that would be denied are refused here already: the denial
    /// would come later, when no developer watches.
    private func refusal(
        of request: JobRequest, scope: ScopeSet, in session: SessionGrant, in transaction: Transaction, now: Timestamp
    ) throws -> OAuthError? {
        for name in request.actions {
            guard let action = try transaction.resources.action(name, of: session.resourceID) else {
                return OAuthError(
                    .accessDenied, "This MCP server may not perform \(name) by itself; ask its operator.")
            }
            guard action.scope.isSubset(of: scope) else {
                return OAuthError(.accessDenied, "The token does not allow \(name), which needs \(action.scope).")
            }
        }
        guard try transaction.jobs.open(in: session.id, now: now) < Job.mostOpen else {
            return OAuthError(.tooManyRequests, "This session has too many open jobs; end some first.")
        }
        return nil
    }

    /// Reports a job.
    package func status(_ text: String, authorization: String?) async throws -> JSON {
        try await withCurrentJob(text, authorization: authorization) { _, job, _ in job }
    }

    /// Ends a job; one that has ended stays as it is.
    package func end(_ text: String, authorization: String?) async throws -> JSON {
        try await withCurrentJob(text, authorization: authorization) { transaction, job, now in
            try transaction.jobs.end(job.id, .byResource(job.resourceID), now: now) ?? job
        }
    }

    /// Runs `body` with the job as of now, and returns the job that `body` returns.
    private func withCurrentJob(
        _ text: String, authorization: String?,
        _ body: @Sendable @escaping (Transaction, Job, Timestamp) throws -> Job
    ) async throws -> JSON {
        let now = clock.now()
        let resource = try await authentication.identify(authorization).id
        let job = try await store.write { transaction -> Job? in
            guard let job = try Self.find(JobID(text), of: resource, in: transaction) else { return nil }
            return try body(transaction, subjects.standing.settled(job, in: transaction, now: now).job, now)
        }
        guard let job else { throw OAuthError(.notFound, "This MCP server has no job with this id.") }
        return job.json
    }

    /// The job with this id if it belongs to `resource`; nil otherwise.
    static func find(_ id: JobID?, of resource: ResourceID, in transaction: Transaction) throws -> Job? {
        guard let id, let job = try transaction.jobs.find(id), job.resourceID == resource else { return nil }
        return job
    }
}

extension Job {
    /// The job as its MCP server reads it.
    fileprivate var json: JSON {
        var body: JSONObject = [
            "id": .string(id.string), "status": endedAt == nil ? "open" : "ended",
            "actions": .strings(actions.map(\.string)), "scope": .string(scope.string), "purpose": .string(purpose),
            "created_at": .string(createdAt.rfc3339), "expires_at": .string(expiresAt.rfc3339),
        ]
        body["ended_at"] = endedAt.map { .string($0.rfc3339) }
        body["end_reason"] = endReason.map { .string($0.rawValue) }
        return .object(body)
    }
}
