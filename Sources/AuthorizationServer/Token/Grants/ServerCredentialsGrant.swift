import OAuth
import Storage

/// Gives an MCP server with keys the token with which it calls the endpoints for MCP servers.
/// Spec: RFC 6749 §4.4.2
struct ServerCredentialsGrant: Grant {
    typealias Asker = Resource

    let type = GrantType.clientCredentials
    let tokens: ServerTokens

    func read(_ parameters: Parameters) throws(OAuthError) {
        guard try parameters.value(.scope) == nil else {
            throw OAuthError(.invalidScope, "Leave out scope: the token is for the endpoints of this server.")
        }
    }

    /// The token proves no more than the assertion did, so nothing is spent beside that.
    func redeem(
        _ request: Identified<Void, Resource>, _: Void, in transaction: Transaction, now: Timestamp
    ) throws -> GrantVerdict<Never> {
        // A secret that could be traded for a token would live on in that token after its rotation.
        guard request.method == .privateKeyJWT, let keys = request.asker.keys else {
            return .refused(
                OAuthError(.unauthorizedClient, "Authenticate by HTTP Basic at each endpoint; tokens are for keys."))
        }
        let token = try tokens.issue(to: request.asker.id, for: keys, now: now)
        return .earned(
            .server(ForeignToken(accessToken: token, expiresIn: ServerTokens.lifetime, scope: [])),
            AuditEntry(
                .serverTokenIssued, at: now, actor: .resource(request.asker.id), resource: request.asker.id,
                initiator: .server))
    }
}
