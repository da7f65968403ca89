import JOSE
import OAuth

/// Keeps on record, at the authorization server, who acts and on whose authority, and asks it before this MCP server acts
/// by itself.
public struct Governance: Sendable {
    private let authority: ElicitationAuthority

    /// With the credentials of the way to ask people.
    public init(_ elicitations: Elicitations) {
        authority = elicitations.authority
    }

    /// Reports a moment that changes who is acting, in the session of an access. It is recorded as this server's word.
    public func recordCheckpoint(_ checkpoint: Checkpoint, for access: Access) async throws(ElicitationError) {
        let body = checkpoint.body(subjectToken: try Self.token(of: access))
        // Sent twice it would be on record twice.
        _ = try await authority.ask(.post(body, repeatable: false), "/checkpoints")
    }

    /// Opens a job in the session of an access, for actions that the operator listed. `end`, in seconds since 1970, is cut to
    /// the end of the session; the person sees the purpose, at most 200 characters.
    public func openJob(
        _ actions: [String], purpose: String, until end: Int64, for access: Access
    ) async throws(ElicitationError) -> Job {
        let body: JSONObject = [
            "subject_token": .string(try Self.token(of: access).text), "actions": .strings(actions),
            "purpose": .string(purpose), "expires_at": .string(Timestamp(seconds: end).rfc3339),
        ]
        return try Self.job(await authority.ask(.post(body.bytes, repeatable: false), "/jobs"))
    }

    /// How a job stands.
    public func job(_ id: String) async throws(ElicitationError) -> Job {
        try Self.job(await authority.ask(.get, Self.path(id)))
    }

    /// Ends a job; one that has ended stays as it ended.
    @discardableResult
    public func endJob(_ id: String) async throws(ElicitationError) -> Job {
        try Self.job(await authority.ask(.delete, Self.path(id)))
    }

    /// Asks whether this MCP server may do something by itself. Ask right before doing it, and do nothing when this fails.
    ///
    /// Spec: AuthZEN §6.1
    public func evaluate(
        _ action: ServerAction, on authority: ServerAction.Authority
    ) async throws(ElicitationError) -> ServerActionDecision {
        // An approval is spent by the question that finds it, so the same question sent again could ask anew.
        let verb = AuthorizationServerConnection.Verb.post(try action.body(on: authority), repeatable: false)
        guard let decision = ServerActionDecision(try await self.authority.ask(verb, "/access/v1/evaluation")) else {
            throw ElicitationError(.unavailable, "The authorization server's answer is no decision.")
        }
        return decision
    }

    private static func token(of access: Access) throws(ElicitationError) -> PresentedToken {
        guard let token = access.token else { throw Elicitations.tokenless }
        return token
    }

    private static func path(_ id: String) -> String { "/jobs/" + PercentEncoding.encode(id) }

    private static func job(_ object: JSONObject) throws(ElicitationError) -> Job {
        guard let job = Job(object) else {
            throw ElicitationError(.unavailable, "The authorization server's answer describes no job.")
        }
        return job
    }
}
