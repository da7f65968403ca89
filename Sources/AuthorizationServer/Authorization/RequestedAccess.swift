import OAuth
import Storage

/// The MCP server and the scopes that an authorization request resolves to.
struct RequestedAccess: Sendable {
    let resource: Resource
    /// The scopes that the request names or gets by default, without those that they include.
    let scope: ScopeSet

    /// Which scopes include others, restricted to the requested ones.
    var implications: ScopeImplications { resource.scopes.implications.restricted(to: scope) }

    /// Whether a sign-in is recent enough for every requested scope and for every scope that these include.
    func accepts(signIn authentication: Authentication, at now: Timestamp) -> Bool {
        resource.accepts(signIn: authentication, for: implications.closure(of: scope), at: now)
    }

    /// The refusal of a user whom the access rule of the MCP server keeps out; nil for any other.
    func refusal(of user: User, in store: Store, now: Timestamp) async throws -> NoAccess? {
        try await store.read { transaction in
            try UserAccess(of: user.id, at: resource.id, in: transaction, now: now)
                .refusal(of: user, at: resource, wanting: scope, implications)
        }
    }

    /// Finds the MCP server of `request`: the named one, else the configured default, else the only one the client may use.
    /// Spec: RFC 8707 §2
    static func find(
        _ request: AuthorizationRequest, client: Client, defaultResource: ResourceIdentifier?,
        in transaction: Transaction
    ) throws -> Result<RequestedAccess, OAuthError> {
        try find(request.scope, at: request.resource, client: client, defaultResource: defaultResource, in: transaction)
    }

    /// Finds the MCP server that a request names, if any, with the scopes that it names, if any.
    static func find(
        _ scope: ScopeSet?, at named: ResourceIdentifier?, client: Client, defaultResource: ResourceIdentifier?,
        in transaction: Transaction
    ) throws -> Result<RequestedAccess, OAuthError> {
        let usable = try transaction.resources.list().filter { client.mayUse($0.id) }
        let closed = try client.origin.excluding(in: transaction)
        return Result { () throws(OAuthError) in
            let resource = try choose(named, usable, but: closed, defaultResource)
            return RequestedAccess(
                resource: resource, scope: ScopeRule.grantable(scope, at: resource.catalogue))
        }
    }

    /// Chooses among the MCP servers that admit the client's host. A request for one that excludes the host is refused for that
    /// reason, which its developer can act on.
    private static func choose(
        _ named: ResourceIdentifier?, _ usable: [Resource], but closed: Set<ResourceID>, _ fallback: ResourceIdentifier?
    ) throws(OAuthError) -> Resource {
        func choose(_ usable: [Resource]) throws(OAuthError) -> Resource {
            try ResourceRule.choose(named, usable: usable, by: \.identifier, fallback: fallback)
        }
        do {
            return try choose(usable.filter { !closed.contains($0.id) })
        } catch {
            if let meant = try? choose(usable) { throw hostExcluded(at: meant) }
            throw error
        }
    }

    /// The refusal for a client whose host the MCP server's policy excludes.
    static func hostExcluded(at resource: Resource) -> OAuthError {
        OAuthError(
            .invalidTarget,
            "This MCP server does not admit clients of this host. Ask the MCP server's operator to admit it.",
            reason: "the policy of \(resource.identifier) excludes the client's host; 'gatehouse resources policy "
                + "\(resource.id)' lists the admitted hosts")
    }
}
