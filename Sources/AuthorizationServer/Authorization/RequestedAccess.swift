import OAuth
import Storage

/// The MCP server and the scopes that a request comes down to.
struct RequestedAccess: Sendable {
    let resource: Resource
    /// What is asked for by name or by default; what that includes comes with it.
    let scope: ScopeSet

    /// Which scopes include others, as far as it matters here.
    var implications: ScopeImplications { resource.scopes.implications.restricted(to: scope) }

    /// Whether a sign-in is recent enough for all that is asked for.
    func accepts(signIn authentication: Authentication, at now: Timestamp) -> Bool {
        resource.accepts(signIn: authentication, for: implications.closure(of: scope), at: now)
    }

    /// Finds what `request` means: the named MCP server, else the configured default, else the only one the client may use.
    /// Spec: RFC 8707 §2
    static func find(
        _ request: AuthorizationRequest, client: Client, defaultResource: ResourceIdentifier?,
        in transaction: Transaction
    ) throws -> Result<RequestedAccess, OAuthError> {
        let usable = try transaction.resources.list().filter { client.mayUse($0.id) }
        let closed = try client.host.map { try transaction.resources.closed(toClientsOn: $0) } ?? []
        return Result { () throws(OAuthError) in
            let resource = try choose(request.resource, usable, but: closed, defaultResource)
            return RequestedAccess(
                resource: resource, scope: ScopeRule.grantable(request.scope, at: resource.catalogue))
        }
    }

    /// A client whose host a policy excludes is told so where it meant that MCP server and no other.
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

    /// What a client is told whose host the MCP server's policy excludes.
    static func hostExcluded(at resource: Resource) -> OAuthError {
        OAuthError(
            .invalidTarget,
            "This MCP server takes apps of certain hosts only, and this app's host is none of them; "
                + "ask whoever answers for it.",
            reason: "the policy of \(resource.identifier) excludes the client's host; 'gatehouse resources policy "
                + "\(resource.id)' shows the client hosts that it takes")
    }
}
