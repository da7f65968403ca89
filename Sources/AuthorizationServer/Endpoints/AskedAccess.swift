import OAuth
import Storage

/// The MCP server and the scopes that a request comes down to.
struct AskedAccess: Sendable {
    let resource: Resource
    /// What is asked for by name or by default; what that includes comes with it.
    let scope: ScopeSet

    /// Which scopes include others, as far as it matters here.
    var implications: ScopeImplications { resource.scopes.implications.restricted(to: scope) }

    /// Whether a sign-in at `time` is recent enough for all that is asked for.
    func accepts(signIn time: Timestamp, at now: Timestamp) -> Bool {
        resource.accepts(signIn: time, for: implications.closure(of: scope), at: now)
    }

    /// Finds what `request` means: the named MCP server, else the configured default, else the only one the client may use.
    /// Spec: RFC 8707 §2
    static func find(
        _ request: AuthorizationRequest, client: Client, defaultResource: ResourceIdentifier?,
        in transaction: Transaction
    ) throws -> Result<AskedAccess, OAuthError> {
        let usable = try transaction.resources().filter { client.mayUse($0.id) }
        return Result { () throws(OAuthError) in
            let resource = try ResourceRule.choose(
                request.resource, usable: usable, by: \.identifier, fallback: defaultResource)
            return AskedAccess(
                resource: resource, scope: try ScopeRule.grantable(request.scope, at: resource.catalogue))
        }
    }
}
