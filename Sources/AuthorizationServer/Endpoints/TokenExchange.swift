import JOSE
import OAuth
import Storage

/// Hands an MCP server the access token that a person connected for it, while the person's own token for it is live.
/// Neither the refresh token nor anybody else's token ever leaves.
/// Spec: RFC 8693 §2
struct TokenExchange: Sendable {
    /// A token that lasts no longer is renewed first, in seconds.
    private static let margin: Int64 = 60

    let store: Store
    let authentication: ResourceAuthentication
    let subjects: SubjectTokens
    let vault: ConnectionVault
    let refresh: ConnectionRefresh
    let excess: ScopeExcess
    let clock: WallClock

    private enum Verdict: Sendable {
        case handedOut(TokenResponse)
        case stale(ConnectionID)
        case exceeded(ScopeExcess.Ended)
        case refused(OAuthError)
    }

    /// Answers an exchange, given its form and its Authorization header.
    func answer(_ parameters: Parameters, authorization: String?) async throws -> TokenResponse {
        let asker = try await authentication.identify(parameters, authorization: authorization)
        let request = try TokenExchangeRequest(parameters)
        switch try await decide(request, asker, margin: Self.margin) {
        case .handedOut(let response): return response
        case .refused(let error): throw error
        case .exceeded(let ended): throw await end(ended)
        case .stale(let id):
            let outcome = try await refresh.renew(id, margin: Self.margin)
            return try await decideAgain(request, asker, after: outcome)
        }
    }

    /// What could not be renewed may still be good for some seconds.
    private func decideAgain(
        _ request: TokenExchangeRequest, _ asker: Resource, after outcome: ConnectionRefresh.Outcome
    ) async throws -> TokenResponse {
        if case .exceeded = outcome { throw Self.exceeded("the provider renewed it with more scopes") }
        switch try await decide(request, asker, margin: 1) {
        case .handedOut(let response): return response
        case .refused(let error): throw error
        case .exceeded(let ended): throw await end(ended)
        case .stale:
            var cause = "renewed to a token that was over at once"
            if case .unavailable(let failure) = outcome { cause = "\(failure)" }
            throw OAuthError(
                .temporarilyUnavailable, "The provider cannot be asked now; try again in a moment.", reason: cause)
        }
    }

    /// Everything that one transaction has to hold together: the person's token, the permission, the connection, and the
    /// record of each token that leaves.
    private func decide(
        _ request: TokenExchangeRequest, _ asker: Resource, margin: Int64
    ) async throws -> Verdict {
        let now = clock.now()
        let claims = subjects.claims(of: request.subjectToken.reveal(), now: now)
        return try await store.write { transaction in
            guard let session = try subjects.session(of: claims, for: asker, in: transaction, now: now) else {
                return .refused(Self.noPerson)
            }
            guard
                try ConnectionPolicy.permission(
                    request.provider, wanted: nil, for: asker.id, in: transaction) != nil
            else { return .refused(Self.notAllowed) }
            guard
                let connection = try transaction.connection(
                    user: session.userID, resource: asker.id, provider: request.provider),
                try ConnectionPolicy.allows(connection, in: transaction)
            else { return .refused(Self.notConnected) }
            if let ended = try excess.end(connection, granted: connection.scope, in: transaction, now: now) {
                return .exceeded(ended)
            }
            guard let tokens = vault.tokens(of: connection) else {
                throw OAuthError(.serverError, "Try again later.", reason: "the tokens of \(connection.id) do not open")
            }
            guard tokens.last(margin, from: now) else { return .stale(connection.id) }
            try transaction.auditFrequent(
                AuditEntry(
                    .connectionUsed, at: now, actor: .resource(asker.id), of: session,
                    reason: "provider \(request.provider)", initiator: .server, correlation: connection.id.string))
            return .handedOut(
                TokenResponse(
                    accessToken: tokens.access, expiresIn: tokens.expiresAt.map { $0 - now }, scope: connection.scope,
                    issuedTokenType: TokenExchangeRequest.accessTokenType))
        }
    }

    /// The connection is over already; its provider is told before the MCP server is.
    private func end(_ ended: ScopeExcess.Ended) async -> OAuthError {
        await excess.giveBack(ended)
        return Self.exceeded("\(ended.connection.id): \(ended.failure)")
    }

    private static func exceeded(_ reason: String) -> OAuthError {
        OAuthError(
            .invalidGrant,
            "The provider granted more than this MCP server may have, so the connection has ended; ask the person to "
                + "connect the account again.", reason: reason)
    }

    /// Spec: RFC 8693 §2.2.2
    private static let noPerson = OAuthError(
        .invalidRequest,
        "The subject_token has to be a live access token of a person for this MCP server; ask the client for a fresh one."
    )
    private static let notAllowed = OAuthError(
        .invalidTarget, "This MCP server may not have tokens of this provider; ask its operator.")
    private static let notConnected = OAuthError(
        .invalidGrant, "The person has no account of this provider connected here; ask them to connect it (again).")
}
