import JOSE
package import OAuth
import Storage

/// Tells an MCP server whether a token is active at this moment. Tokens for other MCP servers are inactive to it.
/// Spec: RFC 7662 §2
package struct IntrospectionEndpoint: Sendable {
    /// A request to this endpoint is answered on the event loop.
    let store: EventLoopReader
    let standing: StandingRule
    let authentication: ResourceAuthentication
    let reader: AccessTokenReader
    let lastUses: UsageBuffer
    let lostAccess: LostAccess
    let clock: WallClock

    /// Answers the MCP server that authenticates by `authorization` or the form, about the token in `parameters`.
    package func answer(_ parameters: Parameters, authorization: String?) throws -> IntrospectionResponse {
        if let claims = authentication.bearer(of: authorization, now: clock.now()) {
            return try describe(parameters, to: claims.resource) { transaction in
                try authentication.check(claims, keys: try transaction.resources.keys(ofServed: claims.resource))
            }
        }
        let presented = try PresentedClient(parameters, authorization: authorization)
        let asker = ResourceID(presented.clientID.string)
        return try describe(parameters, to: asker) { transaction in
            try authentication.check(presented, of: asker, in: transaction, now: clock.now())
        }
    }

    /// Answers the MCP server that authenticates by an assertion in the form. Unlike the other answers this one waits, because the
    /// assertion is spent in a transaction of its own.
    package func answer(asserting parameters: Parameters, authorization: String?) async throws -> IntrospectionResponse
    {
        let (asker, _) = try await authentication.resource(
            parameters, authorization: authorization, now: clock.now())
        return try describe(parameters, to: asker.id) { _ in }
    }

    /// Describes the token in `parameters` to an MCP server, once `authenticate` has accepted it.
    private func describe(
        _ parameters: Parameters, to asker: ResourceID?, authenticate: (Transaction) throws -> Void
    ) throws -> IntrospectionResponse {
        let now = clock.now()
        let found = try store.read { transaction -> (AccessTokenClaims, Standing)? in
            // Authentication comes first: a stranger causes no verification and no read, and learns nothing about its form.
            try authenticate(transaction)
            let asked = try IntrospectionRequest(parameters)
            guard let claims = reader.claims(of: asked.token, now: now),
                let session = try transaction.sessions.grant(claims.sessionID), session.resourceID == asker,
                claims.audience == session.resource, now < claims.expiresAt
            else { return nil }
            return (claims, try standing.standing(of: session, in: transaction, now: now))
        }
        guard let (claims, verdict) = found else { return .inactive }
        guard let session = verdict.session else {
            if case .lapsed(let lapse) = verdict, lapse.endReason != nil { lostAccess.end(claims.sessionID, now: now) }
            return .inactive
        }
        lastUses.record(session.id, at: now)
        return .active(claims.limited(to: session), username: session.user?.name)
    }
}

extension AccessTokenClaims {
    /// The claims without the scopes that the user may not have, or that the MCP server lost, although the token was issued with them.
    fileprivate func limited(to session: SessionGrant) -> AccessTokenClaims {
        guard session.hasAccessRule || session.hasLostScope else { return self }
        var claims = self
        claims.scope = scope.intersection(session.scope)
        return claims
    }
}
