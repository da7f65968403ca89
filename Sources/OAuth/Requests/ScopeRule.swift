/// What a resource has on offer.
package struct ScopeCatalogue: Hashable, Sendable {
    /// Every scope of the resource.
    package let known: ScopeSet
    /// Those that a request gets which names none.
    package let defaults: ScopeSet
    /// Which of them include others.
    package let implications: ScopeImplications

    /// Puts a catalogue together; a default that is not known does not count, nor one that would bring along what has to be
    /// asked for by name.
    package init(known: ScopeSet, defaults: ScopeSet, implications: ScopeImplications = ScopeImplications()) {
        let offered = defaults.intersection(known)
        self.known = known
        self.defaults = ScopeSet(
            offered.scopes.filter { implications.closure(of: [$0]).isSubset(of: offered) })
        self.implications = implications
    }
}

/// What becomes of the scopes that a request names.
///
/// Spec: RFC 6749 §3.3
package enum ScopeRule {
    /// Reads the `scope` of an authorization request.
    ///
    /// `offline_access` names no right at any resource and is taken out; when nothing is left, nothing was asked for.
    package static func requested(_ text: String?) throws(OAuthError) -> ScopeSet? {
        guard let text else { return nil }
        do {
            let named = try ScopeSet(parsing: text).subtracting(.offlineAccess)
            return named.isEmpty ? nil : named
        } catch {
            throw OAuthError(.invalidScope, error)
        }
    }

    /// What may be put before the person: the defaults for a request that names nothing, else what is known of the named.
    /// What these include is not in it: the person decides about the wider ones.
    package static func grantable(
        _ requested: ScopeSet?, at catalogue: ScopeCatalogue
    ) throws(OAuthError) -> ScopeSet {
        guard let requested else { return catalogue.defaults }
        let known = requested.intersection(catalogue.known)
        guard !known.isEmpty else {
            throw OAuthError(.invalidScope, "Ask for scopes that this MCP server has, or for none to get its defaults.")
        }
        return known
    }

    /// What a refresh asks for: nil for everything granted, else a set to intersect with it.
    ///
    /// Clients send the scope that they first asked for, so nothing in here is a reason to refuse.
    ///
    /// Spec: OAuth 2.1 §4.3.1
    package static func narrowing(_ text: String?) -> ScopeSet? {
        guard let text else { return nil }
        let named = ScopeSet(text.split(separator: " ").lazy.compactMap { try? Scope($0) })
            .subtracting(.offlineAccess)
        return named.isEmpty ? nil : named
    }
}
