import JOSE
package import OAuth
import Storage

/// Tells an MCP server whether a token for it is good at this very moment. It sees only tokens that were issued for it.
/// Spec: RFC 7662 §2
package struct IntrospectionEndpoint: Sendable {
    let store: Store
    let clients: ClientDirectory
    let reader: AccessTokenReader
    let lastUses: LastUses
    let clock: WallClock

    /// Answers the MCP server that `authorization` or the form names, about the token in `parameters`.
    package func answer(_ parameters: Parameters, authorization: String?) throws -> IntrospectionResponse {
        let now = clock.now()
        let presented = try PresentedClient(parameters, authorization: authorization)
        let asked = try IntrospectionRequest(parameters)
        let claims = reader.claims(of: asked.token, now: now)
        let asker = ResourceID(presented.clientID.string)
        let (digest, session) = try store.glance { transaction in
            let digest = try asker.flatMap { try transaction.secretDigest(ofServed: $0) }
            let session = try claims.flatMap { try transaction.grant($0.sessionID) }
            let isShutOut = try session.map { try clients.isShutOut($0.clientID, in: transaction) } ?? false
            return (digest, isShutOut ? nil : session)
        }
        guard let asker, let digest, let secret = presented.secret,
            ConstantTime.equal(Digest.sha256(secret.bytes).bytes, digest.bytes)
        else {
            throw OAuthError(.invalidClient, "Authenticate as the MCP server, with its id and secret.")
        }
        guard let claims, let session, session.resourceID == asker, claims.audience == session.resource,
            now < claims.expiresAt, Gate.refusal(session, now: now) == nil
        else { return .inactive }
        lastUses.note(session.id, at: now)
        return .active(claims, username: session.username)
    }
}
