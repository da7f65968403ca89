package import JOSE
import OAuth
import Storage

/// Lets an MCP server require a fresh sign-in at the next approval of a session's user and client.
///
/// Clients do not send `max_age`, although the 401 of RFC 9470 asks for it. The requirement therefore waits here: the next approval
/// of the same user, client and MCP server has to meet it, and uses it up.
package struct SignInDemandEndpoint: Sendable {
    let store: Store
    let authentication: ResourceAuthentication
    let standing: StandingRule
    /// The demands that MCP servers may make in each session.
    let limit: RateLimit<SessionID>
    let clock: WallClock

    private enum Verdict: Sendable {
        case made(SignInDemand)
        case refused(OAuthError)
    }

    /// Stores the demand in `body` for the session with the id `text`, for its own MCP server.
    package func require(_ body: [UInt8], of text: String, authorization: String?) async throws -> JSON {
        let now = clock.now()
        let asker = try await authentication.identify(authorization).id
        let request = try SignInDemandRequest(json: JSONObject(requestBody: body))
        guard let id = SessionID(text) else { throw SessionEndpoint.unknown }
        let verdict = try await store.write { transaction -> Verdict in
            guard let found = try transaction.sessions.grant(id), found.resourceID == asker else {
                return .refused(SessionEndpoint.unknown)
            }
            guard let session = try standing.session(id, in: transaction, now: now) else { return .refused(Self.ended) }
            do throws(OAuthError) { try limit.check(id, now: now) } catch { return .refused(error) }
            guard let demand = try transaction.require(request.maxAge, by: session, now: now) else {
                return .refused(SubjectTokens.noUser)
            }
            return .made(demand)
        }
        switch verdict {
        case .made(let demand):
            return ["max_age": .integer(demand.maxAge), "expires_at": .string(demand.expiresAt.rfc3339)]
        case .refused(let error): throw error
        }
    }

    private static let ended = OAuthError(
        .sessionEnded, "The session has ended. The user has to approve the client again, and signs in if necessary.")
}

extension Transaction {
    /// Stores a demand with its record. Nil for a session without a user.
    func require(_ maxAge: Int64, by session: SessionGrant, now: Timestamp) throws -> SignInDemand? {
        guard let demand = try signInDemands.require(maxAge, by: session, now: now) else { return nil }
        try audit.append(
            AuditEntry(
                .signInRequired, at: now, actor: .resource(session.resourceID), of: session,
                reason: "not older than \(demand.maxAge) s", initiator: .server))
        return demand
    }
}
