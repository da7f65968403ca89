import Logging
package import OAuth
import Storage

/// Exchanges proven grants for tokens. It owns every phase but one: how a grant is proven and spent is its flow's.
/// Spec: OAuth 2.1 §3.2
package struct TokenEndpoint: Sendable {
    let store: Store
    let authentication: ClientAuthentication
    let issuer: TokenIssuer
    let flows: [GrantType: any GrantFlow]
    let exchange: TokenExchange
    let clock: WallClock
    let counters: Counters
    let timelines: Timelines

    /// Answers a token request, given its form and its Authorization header.
    package func answer(_ parameters: Parameters, authorization: String?) async throws -> TokenResponse {
        do {
            // Not a client asks but an MCP server, and no token of ours comes of it.
            if (try? parameters.value(.grantType)) == GrantType.tokenExchange.rawValue {
                return try await exchange.answer(parameters, authorization: authorization)
            }
            return try await grant(parameters, authorization: authorization)
        } catch let error as OAuthError {
            counters.refused(error)
            let code = (try? parameters.value(.code)).flatMap { $0 }.flatMap { AuthorizationCode($0) }
            code.flatMap { timelines.attempt(of: $0, clock: clock) }?.note(.redemptionRefused(error))
            throw error.asked(by: (try? PresentedClient(parameters, authorization: authorization))?.clientID.string)
        }
    }

    private func grant(_ parameters: Parameters, authorization: String?) async throws -> TokenResponse {
        let now = clock.now()
        let presented = try PresentedClient(ofClient: parameters, authorization: authorization)
        // A client that is gone has to hear so, whatever else is wrong: some register again on nothing else.
        let asker = try await authentication.identify(
            parameters, presented: presented, needed: Self.needed(for: parameters), now: now)
        let request = try asker.map(TokenRequest.init)
        let flow = try flow(for: request)
        // The clock is asked again inside: writes come one after another, and of two requests for one grant the later one must
        // not carry the earlier time.
        let grant = try await granted(store.write { try decide(request, flow, in: $0, now: clock.now()) })
        if case .authorizationCode(let code, redirectURI: _, verifier: _) = request.request.grant {
            timelines.attempt(of: code, clock: clock)?.note(.redeemed(grant.earned.session.id))
        }
        return try issuer.issue(grant.earned, scope: grant.scope, refreshes: grant.earned.refreshes, now: now)
    }

    private struct Grant: Sendable {
        let earned: Earned
        let scope: ScopeSet
    }

    private enum Decision: Sendable {
        case granted(Grant)
        case refused(OAuthError, isRepeat: Bool)
    }

    private func granted(_ decision: Decision) throws(OAuthError) -> Grant {
        switch decision {
        case .granted(let grant): return grant
        case .refused(let error, let isRepeat):
            if isRepeat { counters.codeRepeated() }
            throw error
        }
    }

    /// A code was earned with a document that its person was shown and that was kept; a refresh asks what it says today.
    private static func needed(for parameters: Parameters) -> ClientKnowledge {
        (try? parameters.value(.grantType)) == GrantType.refreshToken.rawValue ? .document : .identity
    }

    private func flow(for request: Identified<TokenRequest>) throws(OAuthError) -> any GrantFlow {
        guard let flow = flows[request.request.grantType] else {
            throw OAuthError(.unsupportedGrantType, "Use one of the grant types in this server's metadata.")
        }
        guard request.client.metadata.allows(flow.grantType) else {
            throw OAuthError(.unauthorizedClient, "This client did not register the grant type \(flow.grantType).")
        }
        return flow
    }

    /// Everything that one transaction has to hold together: proving, spending, narrowing, the gate and the record.
    private func decide(
        _ request: Identified<TokenRequest>, _ flow: any GrantFlow, in transaction: Transaction, now: Timestamp
    ) throws -> Decision {
        switch try flow.redeem(request, in: transaction, now: now) {
        case .refused(let error):
            return .refused(error, isRepeat: false)
        case .repeated(let error):
            return .refused(error, isRepeat: true)
        case .earned(let earned):
            let session = earned.session
            let scope = try narrowed(session, to: earned.scope, in: transaction)
            try transaction.auditFrequent(
                AuditEntry(earned.action, at: now, actor: .client(session.clientID), of: session, initiator: .model))
            return .granted(Grant(earned: earned, scope: scope))
        }
    }

    /// What the request narrows a session's scopes to. Who names a scope means what it includes too, and never gets more
    /// than was approved.
    private func narrowed(
        _ session: SessionGrant, to wanted: ScopeSet?, in transaction: Transaction
    ) throws -> ScopeSet {
        guard let wanted else { return session.scope }
        let named = try ScopeRule.narrowed(session.scope, to: wanted)
        return session.scope.intersection(try transaction.implications(of: session.resourceID).closure(of: named))
    }
}
