import JOSE
import OAuth
import Storage

/// Goes on with a session. Each token is good once; a short grace answers again what was lost on the way.
/// Spec: OAuth 2.1 §4.3
struct RefreshTokenGrant: Grant {
    /// A refresh token, the scopes to narrow to, and the MCP server if one is named.
    /// Spec: OAuth 2.1 §3.2.2
    struct Request: Sendable {
        let token: RefreshToken
        let scope: ScopeSet?
        let resource: ResourceIdentifier?

        /// Reads the form.
        init(_ parameters: Parameters) throws(OAuthError) {
            let text = try parameters.required(.refreshToken)
            scope = ScopeRule.narrowing(try parameters.value(.scope))
            guard let token = RefreshToken(text) else {
                throw OAuthError(.invalidGrant, "The refresh token is not one of this server's; authorize again.")
            }
            self.token = token
            resource = try ResourceRule.requested(parameters.repeated(.resource))
        }
    }

    typealias Asker = Client

    let type = GrantType.refreshToken
    /// What the client's document says today decides whether its session goes on.
    let knowledge = ClientKnowledge.document
    let standing: StandingRule
    let keys: KeyRing
    /// Seconds in which a superseded token is answered with its successor.
    let grace: Int64

    func read(_ parameters: Parameters) throws(OAuthError) -> Request { try Request(parameters) }

    /// The order is policy: what does not carry our MAC touches no row, and a client that does not own the token
    /// cannot end the session with it.
    func redeem(
        _ request: Identified<Request, Client>, _: Void, in transaction: Transaction, now: Timestamp
    ) throws -> GrantVerdict<Never> {
        let asked = request.request
        guard let session = try transaction.sessions.grant(asked.token.sessionID) else {
            return .refused(Self.refusal("unknown session"))
        }
        guard let key = keys.secret(.refresh, id: session.refreshKeyID), asked.token.isAuthentic(key: key.bytes)
        else { return .refused(Self.refusal("not a token of ours")) }
        guard session.clientID == request.asker.id else { return .refused(Self.refusal("another client's token")) }
        if let error = ResourceRule.refusal(asked.resource, granted: session.resource) { return .refused(error) }
        // Before the turn: a request that gets nothing must not use up its token.
        let admitted: AdmittedSession
        switch try standing.admit(session, wanting: asked.scope, in: transaction, now: now) {
        case .success(let session): admitted = session
        case .failure(let error): return .refused(error)
        }
        switch try transaction.sessions.turn(session, presented: asked.token.generation, now: now, grace: grace) {
        case .turned(let generation): return earned(admitted, generation, as: .tokenRefreshed, now: now)
        case .repeated(let generation): return earned(admitted, generation, as: .tokenRepeated, now: now)
        case .reused: return try reuse(session, in: transaction, now: now)
        }
    }

    private func earned(
        _ admitted: AdmittedSession, _ generation: UInt32, as action: AuditAction, now: Timestamp
    ) -> GrantVerdict<Never> {
        let session = admitted.session
        return .earned(
            .session(admitted, refreshGeneration: generation),
            AuditEntry(action, at: now, actor: .client(session.clientID), of: session, initiator: .model))
    }

    /// An old token outside of its grace was stolen, or its successor was: nobody can tell, so the session ends.
    /// Spec: RFC 9700 §4.14.2
    private func reuse(_ session: SessionGrant, in transaction: Transaction, now: Timestamp) throws -> GrantVerdict<
        Never
    > {
        _ = try transaction.sessions.end(
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
