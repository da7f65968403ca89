import JOSE
import OAuth
import Storage

/// Hands an MCP server the access token that a person connected for it, while the person's own token for it is live.
/// Neither the refresh token nor anybody else's token ever leaves.
/// Spec: RFC 8693 §2
struct TokenExchangeGrant: Grant {
    /// What is verified, and with what result a connection was renewed, outside of the transaction.
    struct Preparation: Sendable {
        /// The claims of the person's token, if this server signed it.
        let claims: AccessTokenClaims?
        /// Nil before the connection was renewed.
        let renewal: ConnectionRefresh.Outcome?
    }

    /// What the provider has to be asked or told.
    enum Missing: Sendable {
        /// The connection's token is about to expire.
        case renewal(ConnectionID)
        /// The connection was found to exceed what the MCP server may have, and has ended.
        case revocation(ExcessScopeRevocation.EndedConnection)
    }

    typealias Asker = Resource

    /// A token that lasts no longer is renewed first, in seconds.
    private static let margin: Int64 = 60

    let type = GrantType.tokenExchange
    let subjects: SubjectTokens
    let vault: ConnectionVault
    let refresh: ConnectionRefresh
    let excess: ExcessScopeRevocation
    let clock: WallClock

    func read(_ parameters: Parameters) throws(OAuthError) -> TokenExchangeRequest {
        try TokenExchangeRequest(parameters)
    }

    /// Verifies the person's token, after the provider was asked or told what a transaction found to be missing.
    func prepare(_ request: TokenExchangeRequest, missing: Missing?) async throws -> Preparation {
        var renewal: ConnectionRefresh.Outcome?
        switch missing {
        case nil: break
        case .renewal(let id):
            let outcome = try await refresh.renew(id, margin: Self.margin)
            if case .scopeExceeded = outcome { throw Self.exceeded("the provider renewed it with more scopes") }
            renewal = outcome
        case .revocation(let ended):
            // The connection is over already; its provider is told before the MCP server is.
            await excess.revokeTokens(of: ended)
            throw Self.exceeded("\(ended.connection.id): \(ended.failure)")
        }
        return Preparation(
            claims: subjects.claims(of: request.subjectToken.reveal(), now: clock.now()), renewal: renewal)
    }

    /// Everything that one transaction has to hold together: the person's token, the permission, the connection, and
    /// the record of each token that leaves.
    func redeem(
        _ request: Identified<TokenExchangeRequest, Resource>, _ preparation: Preparation, in transaction: Transaction,
        now: Timestamp
    ) throws -> GrantVerdict<Missing> {
        let (asked, asker) = (request.request, request.asker)
        guard let session = try subjects.session(of: preparation.claims, for: asker, in: transaction, now: now) else {
            return .refused(Self.noPerson)
        }
        guard try ConnectionPolicy.allowance(asked.provider, wanted: nil, for: asker.id, in: transaction) != nil else {
            return .refused(Self.notAllowed)
        }
        guard
            let connection = try transaction.connections.find(
                user: session.userID, resource: asker.id, provider: asked.provider),
            try ConnectionPolicy.allows(connection, in: transaction)
        else { return .refused(Self.notConnected) }
        if let ended = try excess.end(connection, granted: connection.scope, in: transaction, now: now) {
            return .unprepared(.revocation(ended))
        }
        guard let tokens = vault.tokens(of: connection) else {
            throw OAuthError(.serverError, "Try again later.", reason: "the tokens of \(connection.id) do not open")
        }
        // What could not be renewed may still be good for some seconds.
        guard tokens.isValid(for: preparation.renewal == nil ? Self.margin : 1, from: now) else {
            return preparation.renewal.map { .refused(Self.unavailable($0)) } ?? .unprepared(.renewal(connection.id))
        }
        return .earned(
            .foreign(
                ForeignToken(
                    accessToken: tokens.access, expiresIn: tokens.expiresAt.map { $0 - now }, scope: connection.scope)),
            AuditEntry(
                .connectionUsed, at: now, actor: .resource(asker.id), of: session,
                reason: "provider \(asked.provider)", initiator: .server, correlation: connection.id.string))
    }

    private static func unavailable(_ renewal: ConnectionRefresh.Outcome) -> OAuthError {
        let cause =
            switch renewal {
            case .unavailable(let failure): "\(failure)"
            case .renewed, .ended, .scopeExceeded: "renewed to a token that was over at once"
            }
        return OAuthError(
            .temporarilyUnavailable, "The provider cannot be asked now; try again in a moment.", reason: cause)
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
