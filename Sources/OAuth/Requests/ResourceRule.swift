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
    /// `usable` are the resources that this client may use. The answer is spelled as registered.
    package static func choose(
        _ requested: ResourceIdentifier?, usable: [ResourceIdentifier], fallback: ResourceIdentifier?
    ) throws(OAuthError) -> ResourceIdentifier {
        if let named = requested ?? fallback, let registered = usable.first(where: named.matches) {
            return registered
        }
        guard requested == nil, fallback == nil, usable.count == 1, let only = usable.first else {
            throw OAuthError(.invalidTarget, "Name the MCP server in 'resource', by its registered address.")
        }
        return only
    }

    /// Why a token request may not have the resource that it names: it may repeat what was approved and nothing else.
    ///
    /// Spec: RFC 8707 §2.2
    package static func refusal(_ requested: ResourceIdentifier?, granted: ResourceIdentifier) -> OAuthError? {
        guard let requested, !requested.matches(granted) else { return nil }
        return OAuthError(.invalidTarget, "This approval is for another resource; authorize again for this one.")
    }
}
