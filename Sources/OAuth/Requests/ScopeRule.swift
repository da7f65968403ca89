/// The scopes of a resource.
package struct ScopeCatalogue: Hashable, Sendable {
    /// Every scope of the resource.
    package let known: ScopeSet
    /// The scopes of a request that names none.
    package let defaults: ScopeSet
    /// Which scopes include others.
    package let implications: ScopeImplications

    /// A catalogue. An unknown default is dropped, and so is a default that includes a scope which is granted only by name.
    package init(known: ScopeSet, defaults: ScopeSet, implications: ScopeImplications = ScopeImplications()) {
        let offered = defaults.intersection(known)
        self.known = known
        self.defaults = ScopeSet(
            offered.scopes.filter { implications.closure(of: [$0]).isSubset(of: offered) })
        self.implications = implications
    }
}

/// Decides which scopes a request gets.
///
/// Spec: RFC 6749 §3.3
package enum ScopeRule {
    /// Reads the `scope` of an authorization request.
    ///
    /// `offline_access` is no permission at any resource and is removed; nil when no scope is left.
    package static func requested(_ text: String?) throws(OAuthError) -> ScopeSet? {
        guard let text else { return nil }
        do {
            let named = try ScopeSet(parsing: text).subtracting(.offlineAccess)
            return named.isEmpty ? nil : named
        } catch {
            throw OAuthError(.invalidScope, error)
        }
    }

    /// The scopes that the consent page offers: the named ones that the MCP server knows, or its defaults where it knows none of
    /// them. Included scopes are left out, because the user decides about the wider ones.
    ///
    /// Unknown scopes are ignored rather than refused: bridges request `openid email profile` everywhere, and some clients request
    /// the scopes of another vendor. The page shows the request, and the response names the granted scopes.
    package static func grantable(_ requested: ScopeSet?, at catalogue: ScopeCatalogue) -> ScopeSet {
        guard let known = requested?.intersection(catalogue.known), !known.isEmpty else { return catalogue.defaults }
        return known
    }

    /// The scopes that a refresh requests, for `narrowed`; nil for all granted scopes.
    package static func narrowing(_ text: String?) -> ScopeSet? {
        guard let text else { return nil }
        let words = text.split(separator: " ").filter { $0 != Scope.offlineAccess.string }
        return words.isEmpty ? nil : ScopeSet(words.compactMap { try? Scope($0) })
    }

    /// The granted scopes that a refresh gets: those it names, or all of them where it names none that counts.
    ///
    /// Clients repeat the scope of their first request, so a single granted scope in it is enough. A client that names only other
    /// scopes requests what it cannot have here, and is refused rather than given the whole grant.
    ///
    /// Spec: OAuth 2.1 §4.3.1
    package static func narrowed(_ granted: ScopeSet, to wanted: ScopeSet?) throws(OAuthError) -> ScopeSet {
        guard let wanted else { return granted }
        let kept = granted.intersection(wanted)
        guard kept.isEmpty else { return kept }
        guard !wanted.isEmpty, wanted.isSubset(of: .identity) else {
            throw OAuthError(
                .invalidScope,
                "Request scopes that were granted, or none to keep all of them. Authorize again for others.")
        }
        return granted
    }
}
