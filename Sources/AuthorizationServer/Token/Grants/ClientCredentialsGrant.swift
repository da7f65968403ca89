import OAuth
import Storage

/// Issues tokens to a client that acts for itself, as far as an operator permitted it. There is no refresh token: the client
/// authenticates again.
/// Spec: RFC 6749 §4.4
struct ClientCredentialsGrant: Grant {
    /// The parameters: the scopes and the MCP server, if they are named.
    /// Spec: RFC 6749 §4.4.2
    struct Request: Sendable {
        let scope: ScopeSet?
        let resource: ResourceIdentifier?

        /// Reads the form.
        init(_ parameters: Parameters) throws(OAuthError) {
            scope = ScopeRule.narrowing(try parameters.value(.scope))
            resource = try ResourceRule.requested(parameters.repeated(.resource))
        }
    }

    typealias Asker = Client

    let type = GrantType.clientCredentials
    /// The permission is kept here, so nothing is fetched.
    let knowledge = ClientKnowledge.identity
    let standing: StandingRule
    let settings: Settings

    func read(_ parameters: Parameters) throws(OAuthError) -> Request { try Request(parameters) }

    /// The order is policy: who the client is, what an operator permitted, what is asked, and only then the session. A refused
    /// request leaves no session behind.
    func redeem(
        _ request: Identified<Request, Client>, _: Void, in transaction: Transaction, now: Timestamp
    ) throws -> GrantVerdict<Never> {
        let (asked, client) = (request.request, request.asker)
        // Anybody can send the id of a public client.
        guard request.method != .none else { return .refused(Self.publicClient) }
        let permitted = try permissions(of: client, in: transaction)
        guard !permitted.isEmpty else { return .refused(Self.unpermitted(client)) }
        let (permission, resource): (ClientPermission, Resource)
        do throws(OAuthError) { (permission, resource) = try choose(asked.resource, among: permitted) } catch {
            return .refused(error)
        }
        let held = permission.held(at: resource)
        let live = try liveSession(of: client, at: resource, within: held, in: transaction, now: now)
        let scope = live?.scope ?? held
        let wanted = asked.scope.map { resource.scopes.implications.closure(of: $0).intersection(scope) } ?? scope
        guard !wanted.isEmpty else { return .refused(Self.nothingPermitted(permission)) }
        // Revoking its own token lets a client open sessions in a loop, each with a row, a record and an event.
        if live == nil, try transaction.serviceSessions.ended(of: client.id, at: resource.id, since: now - 3600) >= 60 {
            return .refused(Self.tooManySessions)
        }
        let id = try live?.id ?? open(client, at: resource, holding: held, in: transaction, now: now)
        guard let session = try transaction.sessions.grant(id) else {
            throw OAuthError(.serverError, "Try again later.", reason: "a session that was just read is missing")
        }
        switch try standing.admit(session, wanting: wanted, in: transaction, now: now) {
        case .success(let admitted):
            try transaction.sessions.touch(sessions: [(session.id, now)])
            return .earned(
                .session(admitted, refreshGeneration: nil),
                AuditEntry(.tokenIssued, at: now, actor: .client(client.id), of: session, initiator: .client))
        // Thrown, so that a session that was opened for this request is rolled back.
        case .failure(let error): throw Self.lapsed(error)
        }
    }

    private func permissions(
        of client: Client, in transaction: Transaction
    ) throws -> [(ClientPermission, Resource)] {
        try transaction.clientPermissions.list(of: client.id).compactMap { permission in
            try transaction.resources.find(id: permission.resourceID).map { (permission, $0) }
        }
    }

    /// The named MCP server among the permitted ones; of several, the configured default where none is named.
    private func choose(
        _ named: ResourceIdentifier?, among permitted: [(ClientPermission, Resource)]
    ) throws(OAuthError) -> (ClientPermission, Resource) {
        try ResourceRule.choose(
            named, usable: permitted, by: { $0.1.identifier },
            fallback: permitted.count == 1 ? nil : settings.defaultResource)
    }

    /// The live session of the client at the MCP server. One that allows more than the permission does by now ends, even if the
    /// request is refused: a scope may demand a recent sign-in since.
    private func liveSession(
        of client: Client, at resource: Resource, within held: ScopeSet, in transaction: Transaction, now: Timestamp
    ) throws -> Session? {
        guard let live = try transaction.serviceSessions.find(of: client.id, at: resource.id, now: now) else {
            return nil
        }
        guard !live.scope.isSubset(of: held) else { return live }
        _ = try transaction.sessions.end(
            live.id,
            SessionEnding(
                reason: .permissionWithdrawn, initiator: .policy, actor: .system,
                explanation: "the client's permission allows less than the session did", at: now))
        return nil
    }

    private func open(
        _ client: Client, at resource: Resource, holding scope: ScopeSet, in transaction: Transaction, now: Timestamp
    ) throws -> SessionID {
        let terms = SessionTerms(try transaction.resources.policy(of: resource.id).sessions, settings.sessions)
        let session = Session(
            userID: nil, clientID: client.id, clientName: client.metadata.name, resourceID: resource.id, scope: scope,
            redirectURI: nil, binding: nil, createdAt: now, expiresAt: now + terms.service, idleSeconds: terms.idle,
            // The session has no refresh tokens, so it depends on no key.
            authTime: now, refreshKeyID: "")
        try transaction.serviceSessions.open(session)
        return session.id
    }

    // MARK: Refusals

    private static let publicClient = OAuthError(
        .unauthorizedClient, "A client that acts for itself must authenticate with a secret or a key.",
        reason: "the client is public")

    private static func unpermitted(_ client: Client) -> OAuthError {
        OAuthError(
            .unauthorizedClient, "This client may not act for itself. Ask the operator of this server to permit it.",
            reason: "no permission; 'gatehouse clients permit \(client.id)' grants one")
    }

    private static let tooManySessions = OAuthError(
        .tooManyRequests, "This client opened too many sessions within an hour. Use one token until it expires.",
        reason: "60 sessions of this client at this MCP server ended within an hour")

    private static func nothingPermitted(_ permission: ClientPermission) -> OAuthError {
        OAuthError(
            .invalidScope, "Request scopes that the operator permits to this client, or none to get all of them.",
            reason: "the operator permits \(permission.scope)")
    }

    private static func lapsed(_ error: OAuthError) -> OAuthError {
        OAuthError(
            .invalidGrant,
            "This client cannot get a token for this MCP server now. Ask the operator of this server.",
            reason: error.reason)
    }
}

extension ClientPermission {
    /// The scopes of a session by this permission: the permitted ones and those that they include, without scopes that the MCP
    /// server does not have and without those that demand a recent sign-in of a user.
    func held(at resource: Resource) -> ScopeSet {
        let usable = ScopeSet(resource.scopes.filter { $0.freshSeconds == nil }.map(\.scope))
        let whole = ScopeSet(scope.scopes.filter { resource.closure(of: $0).isSubset(of: usable) })
        return resource.scopes.implications.closure(of: whole)
    }
}

extension Resource {
    /// A scope with all that it includes.
    fileprivate func closure(of scope: Scope) -> ScopeSet { scopes.implications.closure(of: [scope]) }
}
