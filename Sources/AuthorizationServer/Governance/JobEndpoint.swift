package import JOSE
import OAuth
import Storage

/// Opens, shows and ends the jobs of an MCP server. Each sees its own alone; another's is answered as an unknown one.
package struct JobEndpoint: Sendable {
    private enum Verdict: Sendable {
        case opened(Job)
        case refused(OAuthError)
    }

    let store: Store
    let authentication: ResourceAuthentication
    let subjects: SubjectTokens
    let clock: WallClock

    /// Opens a job in the session of the person whose token comes with the request. It ends no later than its session.
    package func open(_ body: [UInt8], authorization: String?) async throws -> JSON {
        let now = clock.now()
        let asker = try await authentication.identify(authorization)
        let request = try JobRequest(json: ElicitationEndpoint.object(body))
        guard request.expiresAt > now else {
            throw OAuthError(.invalidRequest, "expires_at is in the past; name a time to come.")
        }
        let claims = subjects.claims(of: request.subjectToken, now: now)
        let verdict = try await store.write { transaction in
            guard let claims, let session = try subjects.session(of: claims, for: asker, in: transaction, now: now)
            else { return Verdict.refused(ElicitationEndpoint.noPerson) }
            // To open and to end, again and again, would leave records without end.
            guard try transaction.resources.countDecision(for: asker.id, now: now) else {
                return .refused(EvaluationEndpoint.tooMany)
            }
            let scope = claims.scope.intersection(session.scope)
            if let refusal = try refusal(request, scope: scope, of: session, in: transaction, now: now) {
                return .refused(refusal)
            }
            let job = Job(
                of: session, actions: request.actions, scope: scope, purpose: request.purpose, createdAt: now,
                expiresAt: min(request.expiresAt, session.expiresAt))
            try transaction.jobs.open(job)
            return .opened(job)
        }
        switch verdict {
        case .opened(let job): return job.json
        case .refused(let error): throw authentication.observed(error)
        }
    }

    /// Why there is to be no such job. What is opened for what nobody allowed would only be denied later, out of sight.
    private func refusal(
        _ request: JobRequest, scope: ScopeSet, of session: SessionGrant, in transaction: Transaction, now: Timestamp
    ) throws -> OAuthError? {
        for name in request.actions {
            guard let action = try transaction.resources.action(name, of: session.resourceID) else {
                return OAuthError(
                    .accessDenied, "This MCP server may not start \(name) by itself; ask its operator.")
            }
            guard action.scope.isSubset(of: scope) else {
                return OAuthError(.accessDenied, "The token does not allow \(name); it needs \(action.scope).")
            }
        }
        guard try transaction.jobs.open(in: session.id, now: now) < Job.mostOpen else {
            return OAuthError(.tooManyRequests, "Too many jobs are open in this session; end some first.")
        }
        return nil
    }

    /// How a job stands.
    package func status(_ text: String, authorization: String?) async throws -> JSON {
        try await settled(text, authorization: authorization) { _, job, _ in job }
    }

    /// Ends a job; one that is over stays as it ended.
    package func end(_ text: String, authorization: String?) async throws -> JSON {
        try await settled(text, authorization: authorization) { transaction, job, now in
            try transaction.jobs.end(job.id, .byResource(job.resourceID), now: now) ?? job
        }
    }

    private func settled(
        _ text: String, authorization: String?,
        _ act: @Sendable @escaping (Transaction, Job, Timestamp) throws -> Job
    ) async throws -> JSON {
        let now = clock.now()
        let asker = try await authentication.identify(authorization).id
        let job = try await store.write { transaction -> Job? in
            guard let job = try Self.find(JobID(text), of: asker, in: transaction) else { return nil }
            return try act(transaction, subjects.standing.settled(job, in: transaction, now: now).job, now)
        }
        guard let job else { throw OAuthError(.notFound, "There is no such job of this MCP server.") }
        return job.json
    }

    /// The job, if it is the asker's own.
    static func find(_ id: JobID?, of asker: ResourceID, in transaction: Transaction) throws -> Job? {
        guard let id, let job = try transaction.jobs.find(id), job.resourceID == asker else { return nil }
        return job
    }
}

extension StandingRule {
    /// The job as it is at `now`, and its session if both are in force: one whose time or session is over ends before
    /// anybody acts on it.
    func settled(
        _ job: Job, in transaction: Transaction, now: Timestamp
    ) throws -> (job: Job, session: SessionGrant?) {
        guard job.endedAt == nil else { return (job, nil) }
        guard job.isOpen(at: now) else { return (try transaction.jobs.end(job.id, .expired, now: now) ?? job, nil) }
        guard let session = try session(job.sessionID, in: transaction, now: now) else {
            return (try transaction.jobs.end(job.id, .withSession, now: now) ?? job, nil)
        }
        return (job, session)
    }
}

extension Job {
    /// What its MCP server reads of it.
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
