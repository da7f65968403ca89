/// Decides which MCP server a request is for.
///
/// Spec: RFC 8707 §2
package enum ResourceRule {
    /// Reads the `resource` values of a request; several are accepted if all name the same MCP server. Nil for none.
    ///
    /// A token for two resources would let the first MCP server use it at the second.
    package static func requested(_ values: [String]) throws(OAuthError) -> ResourceIdentifier? {
        var found: ResourceIdentifier?
        for value in values {
            let resource: ResourceIdentifier
            do {
                resource = try ResourceIdentifier(value)
            } catch {
                throw OAuthError(.invalidTarget, error)
            }
            guard found.map(resource.matches) ?? true else {
                throw OAuthError(.invalidTarget, "Request one resource at a time: a token is for one MCP server.")
            }
            found = found ?? resource
        }
        return found
    }

    /// The registered resource of a request: the named one, else the default, else the only one that the client may use.
    ///
    /// `usable` are the resources that this client may use; `identifier` returns the registered identifier of each.
    package static func choose<Registered>(
        _ requested: ResourceIdentifier?, usable: [Registered], by identifier: (Registered) -> ResourceIdentifier,
        fallback: ResourceIdentifier?
    ) throws(OAuthError) -> Registered {
        let meant: Registered? =
            if let named = requested ?? fallback {
                usable.first { named.matches(identifier($0)) }
            } else {
                usable.count == 1 ? usable.first : nil
            }
        guard let meant else {
            let near = (requested ?? fallback).flatMap {
                ResourceNearMiss.nearest($0, among: usable.map(identifier))
            }
            throw OAuthError(
                .invalidTarget,
                "Name the MCP server in 'resource' by an address that is registered here."
                    + (near.map { " The named one is not: \($0.sentence)" } ?? ""),
                reason: (requested == nil ? "none was named" : "what was named is not among them")
                    + ", and \(usable.count) are open to this client")
        }
        return meant
    }

    /// The refusal of a token request that names another resource than the approved one; nil when it names that one or none.
    ///
    /// Spec: RFC 8707 §2.2
    package static func refusal(_ requested: ResourceIdentifier?, granted: ResourceIdentifier) -> OAuthError? {
        guard let requested, !requested.matches(granted) else { return nil }
        let near = ResourceNearMiss(requested, registered: granted).map {
            " The approved one is \(granted), which differs by \($0.difference)."
        }
        return OAuthError(
            .invalidTarget, "The approval is for another resource. Authorize again for this one." + (near ?? ""))
    }
}
