import JOSE
import OAuth
import Storage

/// The decision whether an MCP server may perform an action, with its reason.
///
/// Spec: AuthZEN §6.2
enum EvaluationDecision: Sendable {
    /// A reason for a denial that the MCP server may know.
    enum Denial: String, Sendable {
        /// The operator did not list the action.
        case notAllowed = "not_allowed"
        /// The job was not opened for the action.
        case notInJob = "not_in_job"
        /// The session lacks a scope that the action needs.
        case insufficientScope = "insufficient_scope"
    }

    /// The operator allows the action without an approval.
    case allowed
    /// The user approved the action by this elicitation, which is spent.
    case approved(ElicitationID)
    /// The user has to approve the action first.
    case approvalRequired(Elicitation)
    /// The user declined the action a moment ago and is not asked again.
    case declined(ElicitationID)
    /// The user has to approve the action, and no elicitation can be created for this reason.
    case approvalUnavailable(OAuthError.Code)
    /// The user signed in too long ago, and the next approval of the client asks for a fresh sign-in.
    case freshSignInRequired(SignInDemand)
    /// The action is denied, and no approval can change that.
    case denied(Denial)
    /// The token or the job is not in force. The answer does not say which, so that it reveals no job ids.
    case noSubject

    var isAllowed: Bool {
        switch self {
        case .allowed, .approved: true
        case .approvalRequired, .declined, .approvalUnavailable, .freshSignInRequired, .denied, .noSubject: false
        }
    }

    private var reason: String? {
        switch self {
        case .allowed, .noSubject: nil
        case .approved: "approved"
        case .approvalRequired: "approval_required"
        case .declined: "declined"
        case .approvalUnavailable(let code): code.rawValue
        case .freshSignInRequired: "fresh_sign_in_required"
        case .denied(let denial): denial.rawValue
        }
    }

    /// The body of the answer; `describe` gives the JSON that names an elicitation to its MCP server.
    func json(_ describe: (Elicitation) -> JSON) -> JSON {
        var body: JSONObject = ["decision": .bool(isAllowed)]
        guard let reason else { return .object(body) }
        var context: JSONObject = ["reason": .string(reason)]
        if case .approvalRequired(let elicitation) = self { context["elicitation"] = describe(elicitation) }
        if case .freshSignInRequired(let demand) = self {
            context["max_age"] = .integer(demand.maxAge)
            context["expires_at"] = .string(demand.expiresAt.rfc3339)
        }
        if case .approved(let id) = self { context["elicitation"] = ["id": .string(id.string)] }
        body["context"] = .object(context)
        return .object(body)
    }

    /// The audit record of the decision. An action that no operator listed is the MCP server's own text, so it stands
    /// only in the explanation, which can be erased.
    func record(
        of request: EvaluationRequest, by resource: ResourceID, _ session: SessionGrant, _ job: Job?,
        at now: Timestamp
    ) -> AuditEntry {
        var recordedReason = reason ?? "allowed"
        if case .denied(.notAllowed) = self {} else { recordedReason += " \(request.action)" }
        return AuditEntry(
            .actionEvaluated, at: now, actor: .resource(resource), of: session,
            outcome: isAllowed ? .success : .refused, reason: recordedReason, initiator: .server,
            correlation: job?.id.string ?? elicitation?.string, explanation: request.actionLine)
    }

    private var elicitation: ElicitationID? {
        switch self {
        case .approved(let id), .declined(let id): id
        case .approvalRequired(let elicitation): elicitation.id
        case .allowed, .freshSignInRequired, .approvalUnavailable, .denied, .noSubject: nil
        }
    }
}
