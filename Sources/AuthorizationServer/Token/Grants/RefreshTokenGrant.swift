import JOSE
import OAuth
import Storage

/// Refreshes the tokens of a session. Each refresh token can be used once; a short grace makes up for responses that were lost on
/// the way.
/// Spec: OAuth 2.1 §4.3
struct RefreshTokenGrant: Grant {
    /// The parameters: a refresh token, the scopes to narrow to, and the MCP server if one is named.
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
                throw OAuthError(.invalidGrant, "The refresh token was not issued by this server. Authorize again.")
            }
            self.token = token
            resource = try ResourceRule.requested(parameters.repeated(.resource))
        }
    }

    typealias Asker = Client

    let type = GrantType.refreshToken
    /// The client's document of today decides whether the session continues.
    let knowledge = ClientKnowledge.session
    let standing: StandingRule
    let keys: KeyRing
    /// For how many seconds a superseded token is answered with its successor.
    let grace: Int64

    func read(_ parameters: Parameters) throws(OAuthError) -> Request { try Request(parameters) }

    /// The order is policy. A token without this server's MAC changes no row, and a client that does not own the token cannot revoke
    /// the session with it.
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
        if let refusal = session.refusalToday(of: request) { return .refused(refusal) }
        // Before the turn and the check for reuse: a thief without the key changes nothing, not even by an old token.
        if let refusal = session.proofDemand.refusal(of: request.key?.thumbprint) { return .refused(refusal) }
        if let error = ResourceRule.refusal(asked.resource, granted: session.resource) { return .refused(error) }
        // Checked before the turn, so that a refused request does not use up its token.
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

    /// Revokes the session of a superseded token outside its grace. Either this token or its successor was stolen, and the server
    /// cannot tell which.
    /// Spec: RFC 9700 §4.14.2
    private func reuse(
        _ session: SessionGrant, in transaction: Transaction, now: Timestamp
    ) throws -> GrantVerdict<Never> {
        _ = try transaction.sessions.end(
            session.id,
            SessionEnding(
                reason: .refreshTokenReused, initiator: .policy, actor: .client(session.clientID),
                explanation: "a superseded refresh token was used again", at: now))
        return .refused(Self.refusal("superseded token"))
    }

    private static func refusal(_ reason: String) -> OAuthError {
        OAuthError(
            .invalidGrant, "The refresh token is not valid or no longer valid. The user has to approve again.",
            reason: reason
        )
    }
}
