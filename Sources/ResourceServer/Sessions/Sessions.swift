import OAuth

/// Ends sessions at the authorization server, in this MCP server's own name.
public struct Sessions: Sendable {
    private let authority: ElicitationAuthority

    /// With the credentials of the way to ask people.
    public init(_ elicitations: Elicitations) {
        authority = elicitations.authority
    }

    /// Ends a session of this MCP server, such as `Access.sessionID`; one that has ended stays so. All its tokens are worth
    /// nothing from then on, and the client has to send its person to approve it anew.
    public func endSession(_ id: String) async throws(ElicitationError) {
        _ = try await authority.ask(.delete, "/sessions/" + PercentEncoding.encode(id))
    }
}
