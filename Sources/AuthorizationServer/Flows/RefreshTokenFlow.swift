import JOSE
import OAuth
import Storage

/// Goes on with a session. Each token is good once; a short grace answers again what was lost on the way.
/// Spec: OAuth 2.1 §4.3
struct RefreshTokenFlow: GrantFlow {
    let grantType = GrantType.refreshToken
    let keys: KeyRing
    /// Seconds in which a superseded token is answered with its successor.
    let grace: Int64

    /// The order is policy: what does not carry our MAC touches no row, and a client that does not own the token
    /// cannot end the session with it.
    func redeem(_ request: Identified<TokenRequest>, in transaction: Transaction, now: Timestamp) throws -> GrantVerdict
    {
        guard case .refreshToken(let token, scope: let scope) = request.request.grant,
            let session = try transaction.grant(token.sessionID)
        else { return .refused(Self.refusal("unknown session")) }
        guard let key = keys.secret(.refresh, id: session.refreshKeyID),
            token.isAuthentic(key: key.bytes)
        else { return .refused(Self.refusal("not a token of ours")) }
        guard session.clientID == request.client.id else { return .refused(Self.refusal("another client's token")) }
        if let error = request.request.targetRefusal(session.resource) { return .refused(error) }
        if let error = Gate.refusal(session, now: now) { return .refused(error) }
        // Before the turn: a request that gets nothing must not use up its token.
        do throws(OAuthError) { _ = try ScopeRule.narrowed(session.scope, to: scope) } catch { return .refused(error) }
        switch try transaction.turn(session, presented: token.generation, now: now, grace: grace) {
        case .turned(let generation):
            return .earned(
                Earned(
                    session: session, scope: scope, generation: generation, refreshes: true, action: .tokenRefreshed))
        case .repeated(let generation):
            return .earned(
                Earned(
                    session: session, scope: scope, generation: generation, refreshes: true, action: .tokenRepeated))
        case .reused:
            return try reuse(session, in: transaction, now: now)
        }
    }

    /// An old token outside of its grace was stolen, or its successor was: nobody can tell, so the session ends.
    /// Spec: RFC 9700 §4.14.2
    private func reuse(_ session: SessionGrant, in transaction: Transaction, now: Timestamp) throws -> GrantVerdict {
        _ = try transaction.end(
            session.id,
            SessionEnding(
                reason: .refreshTokenReused, initiator: .policy, actor: .client(session.clientID),
                explanation: "a superseded refresh token was used again", at: now))
        return .refused(Self.refusal("superseded token"))
    }

    private static func refusal(_ reason: String) -> OAuthError {
        OAuthError(
            .invalidGrant, "The refresh token is not valid (any more); the person has to approve again.", reason: reason
        )
    }
}
