import JOSE
import OAuth
import Storage

/// The one place where tokens are made: bound to one MCP server and to one session, never outliving it.
struct TokenIssuer: Sendable {
    let settings: Settings
    let keys: KeyRing

    /// How long a client without refresh tokens may work on one access token.
    private static let longestAccess: Int64 = 3600

    /// The tokens of `earned`, for a client that does or does not hold refresh tokens.
    /// Spec: RFC 9068 §2.2
    func issue(_ earned: Earned, scope: ScopeSet, refreshes: Bool, now: Timestamp) throws -> TokenResponse {
        let session = earned.session
        // What is issued now counts as a use. A token does not outlive the disuse that would end its session, and who
        // refreshes comes in time.
        let unused = refreshes ? session.idleSeconds / 2 : session.idleSeconds
        let expiresAt = min(now + min(life(session, refreshes: refreshes), unused), session.expiresAt)
        let claims = AccessTokenClaims(
            issuer: settings.issuer, subject: session.subject, audience: session.resource, clientID: session.clientID,
            sessionID: session.id, scope: scope, tokenID: Random.token(16), issuedAt: now, expiresAt: expiresAt,
            authTime: session.authTime, acr: session.acr)
        let token = try JWT.sign(
            typ: AccessTokenClaims.type, claims: claims.claims, with: keys.signing(.tokens, at: now.seconds))
        return TokenResponse(
            accessToken: token, expiresIn: expiresAt.seconds - now.seconds, scope: scope,
            refreshToken: refreshes && session.expiresAt > expiresAt ? try refreshToken(earned) : nil)
    }

    /// What a policy says holds for every client: whoever wants short tokens does not want long ones of those that cannot
    /// refresh.
    private func life(_ session: SessionGrant, refreshes: Bool) -> Int64 {
        let access = settings.tokens.access
        return session.tokenLife ?? (refreshes ? access : max(access, Self.longestAccess))
    }

    private func refreshToken(_ earned: Earned) throws -> RefreshToken {
        guard let key = keys.secret(.refresh, id: earned.session.refreshKeyID) else {
            throw OAuthError(
                .serverError, "Try again later.", reason: "refresh key \(earned.session.refreshKeyID) is gone")
        }
        return RefreshToken.mint(session: earned.session.id, generation: earned.generation, key: key.bytes)
    }
}
