package import JOSE
import OAuth
import Storage

/// Decides whether an MCP server may perform an action by itself now. Actions that no operator listed are denied. An
/// MCP server that names a job or a token that is not in force learns only that.
package struct EvaluationEndpoint: Sendable {
    /// The basis of a decision: a session in force, the scopes that count, and the job that the request names.
    private struct DecisionContext {
        let session: SessionGrant
        let scope: ScopeSet
        let job: Job?
    }

    private enum Outcome: Sendable {
        case decided(EvaluationDecision)
        case limitReached
    }

    let creation: ElicitationCreationEndpoint

    private var access: ElicitationAccess { creation.access }

    /// Answers one request. The decision, its audit record, and the new elicitation or the spent approval are one
    /// transaction: the end of the job or the session comes wholly before it or wholly after it.
    package func answer(_ body: [UInt8], authorization: String?) async throws -> JSON {
        let now = access.clock.now()
        let resource = try await access.authentication.identify(authorization)
        let request = try EvaluationRequest(json: JSONObject(requestBody: body))
        let claims: AccessTokenClaims? =
            switch request.subject {
            case .token(let token): access.subjects.claims(of: token, now: now)
            case .job: nil
            }
        let outcome = try await access.store.write { transaction in
            guard try transaction.resources.countDecision(for: resource.id, now: now) else {
                return Outcome.limitReached
            }
            guard let context = try context(of: request, claims, for: resource, in: transaction, now: now) else {
                return .decided(.noSubject)
            }
            let decision = try decide(request, in: context, resource: resource, in: transaction, now: now)
            try transaction.audit.append(
                decision.record(of: request, by: resource.id, context.session, context.job, at: now))
            return .decided(decision)
        }
        switch outcome {
        case .limitReached: throw access.authentication.observed(Self.limitReached)
        case .decided(let decision):
            if case .noSubject = decision { _ = access.authentication.observed(SubjectTokens.invalid) }
            return decision.json { creation.answer($0, isReused: true).json }
        }
    }

    private func context(
        of request: EvaluationRequest, _ claims: AccessTokenClaims?, for resource: Resource,
        in transaction: Transaction, now: Timestamp
    ) throws -> DecisionContext? {
        switch request.subject {
        case .token:
            guard let claims,
                let session = try access.subjects.session(of: claims, for: resource, in: transaction, now: now)
            else { return nil }
            return DecisionContext(session: session, scope: claims.scope.intersection(session.scope), job: nil)
        case .job(let text):
            guard let found = try JobEndpoint.find(JobID(text), of: resource.id, in: transaction) else { return nil }
            let (job, session) = try access.standing.settled(found, in: transaction, now: now)
            guard let session else {
                // The MCP server learns nothing, but operators can see that it went on asking after the end of the job.
                try transaction.audit.append(
                    job.entry(
                        .actionEvaluated, at: now, actor: .resource(resource.id), initiator: .server,
                        outcome: .refused, reason: "the job has ended", explanation: request.actionLine))
                return nil
            }
            return DecisionContext(session: session, scope: job.scope.intersection(session.scope), job: job)
        }
    }

    /// The order is policy: the operator's list, the actions of the job, the scopes of the session, the age of the sign-in, and then the
    /// user.
    private func decide(
        _ request: EvaluationRequest, in context: DecisionContext, resource: Resource, in transaction: Transaction,
        now: Timestamp
    ) throws -> EvaluationDecision {
        guard let action = try transaction.resources.action(request.action, of: resource.id) else {
            return .denied(.notAllowed)
        }
        if let job = context.job, !job.actions.contains(request.action) { return .denied(.notInJob) }
        guard action.scope.isSubset(of: context.scope) else { return .denied(.insufficientScope) }
        if let maxAge = request.maxAge, !now.isWithin(maxAge, of: context.session.authTime) {
            // Evaluations of an MCP server are limited, and each leaves a record anyway.
            guard let demand = try transaction.require(maxAge, by: context.session, now: now) else {
                return .approvalUnavailable(.noUser)
            }
            return .freshSignInRequired(demand)
        }
        switch action.rule {
        case .allow: return .allowed
        case .ask: return try spendApproval(request, in: context, resource: resource, in: transaction, now: now)
        }
    }

    /// Spends the user's approval of exactly this action in this session, or creates the elicitation that asks for it.
    private func spendApproval(
        _ request: EvaluationRequest, in context: DecisionContext, resource: Resource, in transaction: Transaction,
        now: Timestamp
    ) throws -> EvaluationDecision {
        let action = try request.approvableAction(purpose: context.job?.purpose)
        let found = try transaction.elicitations.find(
            digest: action.digest, session: context.session.id, resource: resource.id, now: now)
        if let found, found.ask(ConfirmRequest.self) != nil, found.status == .completed,
            try transaction.elicitations.collect(found.id, now: now)
        {
            try transaction.audit.append(
                AuditEntry(
                    .elicitationCollected, at: now, actor: .resource(resource.id), of: context.session,
                    initiator: .server, correlation: found.id.string))
            return .approved(found.id)
        }
        if let declined = try recentRefusal(of: request, in: context, transaction, now: now) {
            return .declined(declined)
        }
        let draft = ElicitationDraft(
            confirm: action, message: request.message ?? "\(resource.name) wants to do this for you.",
            expiresIn: context.job.map { $0.expiresAt - now })
        let outcome = try creation.findOrCreate(
            draft, session: context.session, resource: resource, in: transaction, now: now)
        switch outcome {
        case .created(let elicitation), .existing(let elicitation): return .approvalRequired(elicitation)
        case .refused(let error): return .approvalUnavailable(error.code)
        }
    }

    /// The elicitation with which the user declined this action on this object a moment ago, in whatever session; nil without one. A
    /// server that varies wording, arguments or job asks the same user the same again.
    private func recentRefusal(
        of request: EvaluationRequest, in context: DecisionContext, _ transaction: Transaction, now: Timestamp
    ) throws -> ElicitationID? {
        guard let user = context.session.userID else { return nil }
        return try transaction.elicitations.declined(
            by: user, client: context.session.clientID, resource: context.session.resourceID,
            after: now - Self.refusalLasts
        ).first { $0.ask(ConfirmRequest.self).map { request.isAbout($0.action) } ?? false }?.id
    }

    /// How long a user who declined an action is not asked again, in seconds.
    private static let refusalLasts: Int64 = 300

    /// The refusal of an MCP server that reached the limit of decisions and jobs within an hour.
    static let limitReached = OAuthError(
        .tooManyRequests, "This MCP server has reached its limit of decisions within an hour; try again later.")
}
