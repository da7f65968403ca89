import JOSE
import OAuth
import Storage

/// Issues every token: bound to one MCP server and to one session, which no token outlives.
struct TokenIssuer: Sendable {
    let settings: Settings
    let keys: KeyRing

    /// The longest lifetime of an access token for a client without refresh tokens, in seconds.
    private static let longestAccess: Int64 = 3600

    /// The response to a request that earned `issuance`. A token of a session is bound to the key that the request proved, if any.
    func issue(_ issuance: Issuance, boundTo key: KeyThumbprint?, now: Timestamp) throws -> TokenResponse {
        switch issuance {
        case .session(let admitted, let generation): try issue(admitted, generation, boundTo: key, now: now)
        case .server(let token):
            TokenResponse(accessToken: token.accessToken, expiresIn: token.expiresIn, scope: token.scope)
        case .foreign(let token):
            TokenResponse(
                accessToken: token.accessToken, expiresIn: token.expiresIn, scope: token.scope,
                issuedTokenType: TokenExchangeRequest.accessTokenType)
        }
    }

    /// Spec: RFC 9068 §2.2
    private func issue(
        _ admitted: AdmittedSession, _ generation: UInt32?, boundTo key: KeyThumbprint?, now: Timestamp
    ) throws -> TokenResponse {
        let session = admitted.session
        // A client that acts for itself can request the next token at any time, as one with a refresh token can.
        let refreshes = generation != nil || session.user == nil
        // Issuing is a use of the session. A token must not outlive the idle timeout, and a client that refreshes has to return
        // before that timeout ends the session.
        let unused = refreshes ? session.idleSeconds / 2 : session.idleSeconds
        let expiresAt = min(now + min(life(session, refreshes: refreshes), unused), session.expiresAt)
        let claims = AccessTokenClaims(
            issuer: settings.issuer, subject: session.subject, audience: session.resource, clientID: session.clientID,
            sessionID: session.id, scope: admitted.scope, tokenID: Random.token(16), issuedAt: now,
            expiresAt: expiresAt, authTime: session.user == nil ? nil : session.authTime, acr: session.acr,
            keyThumbprint: key)
        let token = try JWT.sign(
            typ: AccessTokenClaims.type, claims: claims.claims, with: keys.signing(.tokens, at: now.seconds))
        return TokenResponse(
            accessToken: token, expiresIn: expiresAt.seconds - now.seconds, scope: admitted.scope,
            refreshToken: try generation.flatMap {
                session.expiresAt > expiresAt ? try refreshToken(of: session, generation: $0) : nil
            }, isBound: key != nil)
    }

    /// The lifetime of an access token, in seconds. A policy's lifetime holds for every client: an operator who wants short tokens
    /// wants no longer ones for clients that cannot refresh.
    private func life(_ session: SessionGrant, refreshes: Bool) -> Int64 {
        let access = settings.tokens.access
        return session.tokenLife ?? (refreshes ? access : max(access, Self.longestAccess))
    }

    private func refreshToken(of session: SessionGrant, generation: UInt32) throws -> RefreshToken {
        guard let key = keys.secret(.refresh, id: session.refreshKeyID) else {
            throw OAuthError(
                .serverError, "Try again later.", reason: "refresh key \(session.refreshKeyID) is not in the key ring")
        }
        return RefreshToken.mint(session: session.id, generation: generation, key: key.bytes)
    }
}
