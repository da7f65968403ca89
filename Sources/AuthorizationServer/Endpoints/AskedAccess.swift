import OAuth
import Storage

/// The MCP server and the scopes that a request comes down to.
struct AskedAccess: Sendable {
    let resource: Resource
    let scope: ScopeSet

    /// Finds what `request` means: the named MCP server, else the configured default, else the only one the client may use.
    /// Spec: RFC 8707 §2
    static func find(
        _ request: AuthorizationRequest, client: Client, defaultResource: ResourceIdentifier?,
        in transaction: Transaction
    ) throws -> Result<AskedAccess, OAuthError> {
        guard let resource = try target(request, client: client, defaultResource: defaultResource, in: transaction)
        else {
            return .failure(
                OAuthError(
                    .invalidTarget, "Name the MCP server in 'resource' by an address that is registered here.",
                    reason: request.resource?.string ?? "none named"))
        }
        return Result { () throws(OAuthError) in
            AskedAccess(resource: resource, scope: try ScopeRule.grantable(request.scope, at: resource.catalogue))
        }
    }

    private static func target(
        _ request: AuthorizationRequest, client: Client, defaultResource: ResourceIdentifier?,
        in transaction: Transaction
    ) throws -> Resource? {
        if let named = request.resource ?? defaultResource {
            let found = try transaction.resource(comparable: named.comparable)
            return found.flatMap { client.mayUse($0.id) ? $0 : nil }
        }
        let usable = try transaction.resources().filter { client.mayUse($0.id) }
        return usable.count == 1 ? usable.first : nil
    }
}
