/// Which MCP server a request is about.
///
/// Spec: RFC 8707 §2
package enum ResourceRule {
    /// Reads the `resource` values of a request; several are fine as long as they name one MCP server.
    ///
    /// One token is for one resource: a second one would let the first server use the token at the second.
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
                throw OAuthError(.invalidTarget, "Ask for one resource at a time: a token is for one MCP server.")
            }
            found = found ?? resource
        }
        return found
    }

    /// The registered resource that is meant: the named one, else the default, else the only one that the client may use.
    ///
    /// `usable` are the resources that this client may use, `identifier` finds how each is registered.
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
                    + (near.map { " What was named is not: \($0.sentence)" } ?? ""),
                reason: (requested == nil ? "none was named" : "what was named is not among them")
                    + ", and \(usable.count) are open to this client")
        }
        return meant
    }

    /// Why a token request may not have the resource that it names: it may repeat what was approved and nothing else.
    ///
    /// Spec: RFC 8707 §2.2
    package static func refusal(_ requested: ResourceIdentifier?, granted: ResourceIdentifier) -> OAuthError? {
        guard let requested, !requested.matches(granted) else { return nil }
        let near = ResourceNearMiss(requested, registered: granted).map {
            " The approved one is \(granted), which differs by \($0.difference)."
        }
        return OAuthError(
            .invalidTarget, "This approval is for another resource; authorize again for this one." + (near ?? ""))
    }
}
