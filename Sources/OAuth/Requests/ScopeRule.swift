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

    /// What may be put before the person: what the MCP server knows of the named scopes, or its defaults where it knows none.
    /// What these include is not in it: the person decides about the wider ones.
    ///
    /// Bridges ask for `openid email profile` wherever they go, and others for the scopes of the last vendor. A refusal would
    /// keep them out for ever; the page says what is asked for, and the answer says what was granted.
    package static func grantable(_ requested: ScopeSet?, at catalogue: ScopeCatalogue) -> ScopeSet {
        guard let known = requested?.intersection(catalogue.known), !known.isEmpty else { return catalogue.defaults }
        return known
    }

    /// What a refresh asks for: nil for everything granted, else what `narrowed` compares with the grant.
    package static func narrowing(_ text: String?) -> ScopeSet? {
        guard let text else { return nil }
        let words = text.split(separator: " ").filter { $0 != Scope.offlineAccess.string }
        return words.isEmpty ? nil : ScopeSet(words.compactMap { try? Scope($0) })
    }

    /// What a refresh gets of what was granted: never more, and all of it where it names nothing that counts.
    ///
    /// Clients send the scope that they first asked for, so that one of the granted is enough. One that names other scopes
    /// alone wants what it cannot have here, and a whole grant would be a wrong answer to it.
    ///
    /// Spec: OAuth 2.1 §4.3.1
    package static func narrowed(_ granted: ScopeSet, to wanted: ScopeSet?) throws(OAuthError) -> ScopeSet {
        guard let wanted else { return granted }
        let kept = granted.intersection(wanted)
        guard kept.isEmpty else { return kept }
        guard !wanted.isEmpty, wanted.isSubset(of: .identity) else {
            throw OAuthError(
                .invalidScope, "Ask for scopes that were granted, or for none to keep them all; authorize for others.")
        }
        return granted
    }
}
