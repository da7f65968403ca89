import JOSE
package import OAuth
import Storage

/// Revokes the session of a client's token. Revoking any token revokes the whole session, whose root no client can name.
/// Spec: RFC 7009 §2
package struct RevocationEndpoint: Sendable {
    let store: Store
    let keys: KeyRing
    let authentication: ClientAuthentication
    let reader: AccessTokenReader
    let clock: WallClock

    /// Revokes the session of the token in `parameters`. An unknown, foreign or expired token gets the same response.
    package func answer(_ parameters: Parameters, authorization: String?) async throws {
        let now = clock.now()
        let form = try await authentication.identify(
            parameters, authorization: authorization, knowing: .identity, now: now)
        let request = try form.map(RevocationRequest.init)
        let asked = request.request
        if let token = RefreshToken(asked.token) {
            try await end(token.sessionID, of: request, now: now) { session in
                keys.secret(.refresh, id: session.refreshKeyID).map { token.isAuthentic(key: $0.bytes) } ?? false
            }
        } else if let claims = reader.claims(of: asked.token, now: now), claims.expiresAt > now {
            try await end(claims.sessionID, of: request, now: now) { _ in true }
        }
    }

    private func end(
        _ id: SessionID, of request: Identified<RevocationRequest, Client>, now: Timestamp,
        if isProven: @escaping @Sendable (SessionGrant) -> Bool
    ) async throws {
        let client = request.asker
        let refusal = try await store.write { transaction -> OAuthError? in
            guard let session = try transaction.sessions.grant(id), session.clientID == client.id, isProven(session)
            else { return nil }
            if let refusal = session.refusal(of: request) { return refusal }
            _ = try transaction.sessions.end(
                id,
                SessionEnding(
                    reason: .revokedByClient, initiator: .system, actor: .client(client.id),
                    explanation: "revoked by the client", at: now))
            return nil
        }
        if let refusal { throw authentication.observed(refusal) }
    }
}
