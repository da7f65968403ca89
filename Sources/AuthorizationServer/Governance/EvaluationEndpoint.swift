package import JOSE
import OAuth
import Storage

/// Decides whether an MCP server may do something by itself now. What is not listed is denied, and who names a job or a
/// token that is not in force learns nothing but that.
package struct EvaluationEndpoint: Sendable {
    /// On what a decision stands: a session in force, what it holds, and the job in which it is asked.
    private struct DecisionContext {
        let session: SessionGrant
        let scope: ScopeSet
        let job: Job?
    }

    private enum Verdict: Sendable {
        case decided(Decision)
        case tooMany
    }

    let elicitation: ElicitationEndpoint

    private var store: Store { elicitation.store }
    private var authentication: ResourceAuthentication { elicitation.authentication }
    private var subjects: SubjectTokens { elicitation.subjects }

    /// Answers one question. The decision, its record, and the question to the person or the approval that is spent are one
    /// transaction: whatever ends the job or the session comes wholly before it or wholly after.
    package func answer(_ body: [UInt8], authorization: String?) async throws -> JSON {
        let now = elicitation.clock.now()
        let asker = try await authentication.identify(authorization)
        let request = try EvaluationRequest(json: ElicitationEndpoint.object(body))
        var claims: AccessTokenClaims?
        if case .token(let token) = request.subject { claims = subjects.claims(of: token, now: now) }
        let verdict = try await store.write { [claims] transaction in
            guard try transaction.resources.countDecision(for: asker.id, now: now) else { return Verdict.tooMany }
            guard let ground = try ground(of: request, claims, for: asker, in: transaction, now: now) else {
                return .decided(.unfounded)
            }
            let decision = try decide(request, on: ground, asker: asker, in: transaction, now: now)
            try transaction.audit.append(
                decision.record(of: request, by: asker.id, ground.session, ground.job, at: now))
            return .decided(decision)
        }
        switch verdict {
        case .tooMany: throw authentication.observed(Self.tooMany)
        case .decided(let decision):
            if case .unfounded = decision { _ = authentication.observed(ElicitationEndpoint.noPerson) }
            return decision.json { elicitation.answer($0, isFound: true).json }
        }
    }

    private func ground(
        of request: EvaluationRequest, _ claims: AccessTokenClaims?, for asker: Resource, in transaction: Transaction,
        now: Timestamp
    ) throws -> DecisionContext? {
        switch request.subject {
        case .token:
            guard let claims, let session = try subjects.session(of: claims, for: asker, in: transaction, now: now)
            else { return nil }
            return DecisionContext(session: session, scope: claims.scope.intersection(session.scope), job: nil)
        case .job(let text):
            guard let found = try JobEndpoint.find(JobID(text), of: asker.id, in: transaction) else { return nil }
            let (job, session) = try subjects.standing.settled(found, in: transaction, now: now)
            guard let session else {
                // The MCP server is told nothing, but that it went on asking is worth knowing.
                try transaction.audit.append(
                    job.entry(
                        .actionEvaluated, at: now, actor: .resource(asker.id), initiator: .server, outcome: .refused,
                        reason: "the job has ended", explanation: request.deed))
                return nil
            }
            return DecisionContext(session: session, scope: job.scope.intersection(session.scope), job: job)
        }
    }

    /// The order is policy: what the operator lists, what the job was opened for, what the session holds, and then the person.
    private func decide(
        _ request: EvaluationRequest, on ground: DecisionContext, asker: Resource, in transaction: Transaction,
        now: Timestamp
    ) throws -> Decision {
        guard let action = try transaction.resources.action(request.action, of: asker.id) else {
            return .denied(.notAllowed)
        }
        if let job = ground.job, !job.actions.contains(request.action) { return .denied(.notInJob) }
        guard action.scope.isSubset(of: ground.scope) else { return .denied(.insufficientScope) }
        switch action.rule {
        case .allow: return .allowed
        case .ask: return try ask(request, on: ground, asker: asker, in: transaction, now: now)
        }
    }

    /// Spends the person's approval of this very action in this session, or asks for it.
    private func ask(
        _ request: EvaluationRequest, on ground: DecisionContext, asker: Resource, in transaction: Transaction,
        now: Timestamp
    ) throws -> Decision {
        let action = try request.approvable(purpose: ground.job?.purpose)
        let found = try transaction.elicitations.find(
            digest: action.digest, session: ground.session.id, resource: asker.id, now: now)
        if let found, found.ask(ConfirmRequest.self) != nil, found.status == .completed,
            try transaction.elicitations.collect(found.id, now: now)
        {
            try transaction.audit.append(
                AuditEntry(
                    .elicitationCollected, at: now, actor: .resource(asker.id), of: ground.session,
                    initiator: .server, correlation: found.id.string))
            return .approved(found.id)
        }
        let draft = ElicitationDraft(
            confirm: action, message: request.message ?? "\(asker.name) wants to do this for you.",
            expiresIn: ground.job.map { $0.expiresAt - now })
        switch try elicitation.settle(draft, session: ground.session, asker: asker, in: transaction, now: now) {
        case .made(let asked), .found(let asked): return .wanting(asked)
        case .refused(let error): return .unaskable(error.code)
        }
    }

    static let tooMany = OAuthError(
        .tooManyRequests, "This MCP server has had as many decisions as there are in an hour; ask again later.")
}
