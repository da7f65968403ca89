import JOSE
import OAuth
import Storage

/// Whether something may be done, and why.
///
/// Spec: AuthZEN §6.2
enum Decision: Sendable {
    /// Why the answer is no, where the MCP server may know.
    enum Denial: String, Sendable {
        /// Its operator did not list the action.
        case notAllowed = "not_allowed"
        /// The job was not opened for the action.
        case notInJob = "not_in_job"
        /// The session does not hold what the action needs.
        case insufficientScope = "insufficient_scope"
    }

    case allowed
    /// The person approved it by this elicitation, which is spent.
    case approved(ElicitationID)
    /// The person has to approve it first.
    case wanting(Elicitation)
    /// The person has to approve it, and cannot be asked for this reason.
    case unaskable(OAuthError.Code)
    case denied(Denial)
    /// There is no token or job in force; which of them is not said.
    case unfounded

    var isAllowed: Bool {
        switch self {
        case .allowed, .approved: true
        case .wanting, .unaskable, .denied, .unfounded: false
        }
    }

    private var reason: String? {
        switch self {
        case .allowed, .unfounded: nil
        case .approved: "approved"
        case .wanting: "approval_required"
        case .unaskable(let code): code.rawValue
        case .denied(let denial): denial.rawValue
        }
    }

    /// The answer's body; `show` describes an elicitation to its MCP server.
    func json(_ show: (Elicitation) -> JSON) -> JSON {
        var body: JSONObject = ["decision": .bool(isAllowed)]
        guard let reason else { return .object(body) }
        var context: JSONObject = ["reason": .string(reason)]
        if case .wanting(let asked) = self { context["elicitation"] = show(asked) }
        if case .approved(let id) = self { context["elicitation"] = ["id": .string(id.string)] }
        body["context"] = .object(context)
        return .object(body)
    }

    /// The record of it. A name that no operator listed is the MCP server's word, and stands where it can be erased.
    func record(
        of request: EvaluationRequest, by asker: ResourceID, _ session: SessionGrant, _ job: Job?, at now: Timestamp
    ) -> AuditEntry {
        var why = reason ?? "allowed"
        if case .denied(.notAllowed) = self {} else { why += " \(request.action)" }
        return AuditEntry(
            .actionEvaluated, at: now, actor: .resource(asker), of: session,
            outcome: isAllowed ? .success : .refused, reason: why, initiator: .server,
            correlation: job?.id.string ?? elicitation?.string, explanation: request.deed)
    }

    private var elicitation: ElicitationID? {
        switch self {
        case .approved(let id): id
        case .wanting(let asked): asked.id
        case .allowed, .unaskable, .denied, .unfounded: nil
        }
    }
}
