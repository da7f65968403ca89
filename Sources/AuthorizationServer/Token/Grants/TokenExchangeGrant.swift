import JOSE
import OAuth
import Storage

/// Gives an MCP server the provider's access token that a user connected for it, while the user's own token for the MCP server is
/// live. Neither the provider's refresh token nor another user's token ever leaves.
/// Spec: RFC 8693 §2
struct TokenExchangeGrant: Grant {
    /// The results of the work outside the transaction.
    struct Preparation: Sendable {
        /// The claims of the user's token; nil unless this server signed it.
        let claims: AccessTokenClaims?
        /// The result of renewing the connection; nil while no renewal was needed.
        let renewal: ConnectionRefresh.Outcome?
    }

    /// A request to the provider that the transaction found necessary.
    enum Missing: Sendable {
        /// The connection's token is about to expire.
        case renewal(ConnectionID)
        /// The connection exceeded the MCP server's permission and was revoked here; the provider has to revoke its token.
        case revocation(ExcessScopeRevocation.EndedConnection)
    }

    typealias Asker = Resource

    /// A token that expires within as many seconds is renewed first.
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

    /// Makes the request to the provider that a transaction found missing, then verifies the user's token.
    func prepare(_ request: TokenExchangeRequest, missing: Missing?) async throws -> Preparation {
        var renewal: ConnectionRefresh.Outcome?
        switch missing {
        case nil: break
        case .renewal(let id):
            let outcome = try await refresh.renew(id, margin: Self.margin)
            if case .scopeExceeded = outcome { throw Self.exceeded("the provider renewed it with more scopes") }
            renewal = outcome
        case .revocation(let ended):
            // The connection is already revoked here; its provider learns of it before the MCP server does.
            await excess.revokeTokens(of: ended)
            throw Self.exceeded("\(ended.connection.id): \(ended.failure)")
        }
        return Preparation(
            claims: subjects.claims(of: request.subjectToken.reveal(), now: clock.now()), renewal: renewal)
    }

    /// Checks the user's token, the permission and the connection in one transaction, with the audit record of each token
    /// that leaves.
    func redeem(
        _ request: Identified<TokenExchangeRequest, Resource>, _ preparation: Preparation, in transaction: Transaction,
        now: Timestamp
    ) throws -> GrantVerdict<Missing> {
        let (asked, asker) = (request.request, request.asker)
        guard let session = try subjects.session(of: preparation.claims, for: asker, in: transaction, now: now) else {
            return .refused(Self.noPerson)
        }
        guard let user = session.user else { return .refused(Self.noUser) }
        guard try ConnectionPolicy.allowance(asked.provider, wanted: nil, for: asker.id, in: transaction) != nil else {
            return .refused(Self.notAllowed)
        }
        guard
            let connection = try transaction.connections.find(
                user: user.id, resource: asker.id, provider: asked.provider),
            try ConnectionPolicy.allows(connection, in: transaction)
        else { return .refused(Self.notConnected) }
        if let ended = try excess.end(connection, granted: connection.scope, in: transaction, now: now) {
            return .unprepared(.revocation(ended))
        }
        if let wanted = asked.scope,
            let missing = try ConnectionPolicy.missing(wanted, of: connection, in: transaction)
        {
            return .refused(Self.notGranted(missing, at: asked.provider))
        }
        guard let tokens = vault.tokens(of: connection) else {
            throw OAuthError(.serverError, "Try again later.", reason: "the tokens of \(connection.id) do not open")
        }
        // A token that could not be renewed may still be valid for some seconds.
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
            case .renewed, .ended, .scopeExceeded: "renewed to a token that expired at once"
            }
        return OAuthError(
            .temporarilyUnavailable, "The provider does not answer at the moment. Try again later.", reason: cause)
    }

    private static func notGranted(_ missing: ScopeSet, at provider: ProviderName) -> OAuthError {
        OAuthError(
            .invalidScope,
            "The connection at \(provider) lacks \(missing). Ask the user to connect the account for it, or omit the scope."
        )
    }

    private static func exceeded(_ reason: String) -> OAuthError {
        OAuthError(
            .invalidGrant,
            "The provider granted more than this MCP server may have, so the connection was revoked. Ask the user to connect "
                + "the account again.", reason: reason)
    }

    /// Spec: RFC 8693 §2.2.2
    private static let noPerson = OAuthError(
        .invalidRequest,
        "The subject_token must be a live access token of a user for this MCP server. Ask the client for a fresh one."
    )
    private static let noUser = OAuthError(
        .invalidRequest,
        "The subject_token belongs to a client that acts for itself. Only users connect accounts of providers.")
    private static let notAllowed = OAuthError(
        .invalidTarget, "This MCP server may not have tokens of this provider. Ask its operator for permission.")
    private static let notConnected = OAuthError(
        .invalidGrant, "The user has not connected an account of this provider. Ask the user to connect one.")
}
