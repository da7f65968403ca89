import OAuth

/// Revokes sessions at the authorization server with this MCP server's credentials.
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
}
