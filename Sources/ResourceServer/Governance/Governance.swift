import JOSE
import OAuth

/// Records at the authorization server who acts, opens jobs for background work, and requests decisions on this MCP server's
/// own actions.
public struct Governance: Sendable {
    private let authority: ElicitationAuthority

    /// Uses the credentials of `elicitations`.
    public init(_ elicitations: Elicitations) {
        authority = elicitations.authority
    }

    /// Reports a checkpoint in the session of an access. The record's evidence is `reported`, by this MCP server.
    public func recordCheckpoint(_ checkpoint: Checkpoint, for access: Access) async throws(ElicitationError) {
        let body = checkpoint.body(subjectToken: try access.userToken)
        // Not repeatable: a second request would write a second record.
        _ = try await authority.ask(.post(body, repeatable: false), "/checkpoints")
    }

    /// Opens a job in the session of an access, for actions that an operator permitted. `end` is in seconds since 1970 and never
    /// later than the session's; the user sees the purpose, at most 200 characters.
    public func openJob(
        _ actions: [String], purpose: String, until end: Int64, for access: Access
    ) async throws(ElicitationError) -> Job {
        let body: JSONObject = [
            "subject_token": .string(try access.userToken.text), "actions": .strings(actions),
            "purpose": .string(purpose), "expires_at": .string(Timestamp(seconds: end).rfc3339),
        ]
        return try Self.job(await authority.ask(.post(body.bytes, repeatable: false), "/jobs"))
    }

    /// The current state of a job.
    public func job(_ id: String) async throws(ElicitationError) -> Job {
        try Self.job(await authority.ask(.get, Self.path(id)))
    }

    /// Ends a job; one that has ended stays unchanged.
    @discardableResult
    public func endJob(_ id: String) async throws(ElicitationError) -> Job {
        try Self.job(await authority.ask(.delete, Self.path(id)))
    }

    /// Requests a decision on an action of this MCP server. Call it right before the action, and do nothing when it throws.
    ///
    /// Spec: AuthZEN §6.1
    public func evaluate(
        _ action: ServerAction, on authority: ServerAction.Authority
    ) async throws(ElicitationError) -> ServerActionDecision {
        // Not repeatable: the request spends an approval, so a second one could request another.
        let verb = AuthorizationServerConnection.Verb.post(try action.body(on: authority), repeatable: false)
        guard let decision = ServerActionDecision(try await self.authority.ask(verb, "/access/v1/evaluation")) else {
            throw ElicitationError(.unavailable, "The authorization server's response is not a decision.")
        }
        return decision
    }

    private static func path(_ id: String) -> String { "/jobs/" + PercentEncoding.encode(id) }

    private static func job(_ object: JSONObject) throws(ElicitationError) -> Job {
        guard let job = Job(object) else {
            throw ElicitationError(.unavailable, "The authorization server's response is not a job.")
        }
        return job
    }
}
