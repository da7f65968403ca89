import JOSE
import OAuth

/// Revokes sessions at the authorization server, and requires fresh sign-ins, with this MCP server's credentials.
public struct Sessions: Sendable {
    private let authority: ElicitationAuthority

    /// Uses the credentials of `elicitations`.
    public init(_ elicitations: Elicitations) {
        authority = elicitations.authority
    }

    /// Revokes a session of this MCP server, such as `Access.sessionID`; an ended one stays unchanged. All its tokens become
    /// invalid, and the user has to approve a new session.
    public func revokeSession(_ id: String) async throws(ElicitationError) {
        _ = try await authority.ask(.delete, "/sessions/" + PercentEncoding.encode(id))
    }

    /// Has the next approval of the session's user and client ask for a sign-in that is not older than so many seconds (at most
    /// 43,200). The demand is void after 15 minutes, and with the session.
    public func requireSignIn(maxAge: Int64, of id: String) async throws(ElicitationError) {
        let body: JSONObject = ["max_age": .integer(maxAge)]
        _ = try await authority.ask(
            .post(body.bytes, repeatable: true), "/sessions/" + PercentEncoding.encode(id) + "/require")
    }
}
