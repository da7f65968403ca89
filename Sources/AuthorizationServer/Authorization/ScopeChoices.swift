import OAuth
import Storage

extension Resource {
    /// The choices on the consent page for the scopes `asked`: each with its tools and the scopes that it includes. `held` are
    /// the scopes of the user's live sessions.
    ///
    /// A narrower scope that is requested by itself can be allowed by itself, so it is a choice of its own beside the wider one.
    func choices(
        among asked: ScopeSet, _ implications: ScopeImplications, held: ScopeSet
    ) -> [ConsentRequest.RequestedScope] {
        let known = Dictionary(uniqueKeysWithValues: scopes.map { ($0.scope, $0) })
        return asked.scopes.compactMap { scope in
            known[scope].map { described in
                ConsentRequest.RequestedScope(
                    scope: scope, description: described.description, tools: described.tools,
                    included: implications.included(in: scope).scopes.compactMap {
                        known[$0]?.included(namingTools: !asked.contains($0))
                    },
                    isPartOf: asked.scopes.filter { implications.included(in: $0).contains(scope) }
                        .compactMap { known[$0]?.description },
                    isNew: !implications.closure(of: [scope]).isSubset(of: held))
            }
        }
    }
}

extension Resource {
    /// Whether a sign-in is recent enough for each of these scopes. The caller passes the closure: included scopes count too.
    func accepts(signIn authentication: Authentication, for scope: ScopeSet, at now: Timestamp) -> Bool {
        scopes.allSatisfy { one in
            guard let limit = one.freshSeconds, scope.contains(one.scope) else { return true }
            return now.isWithin(limit, of: authentication.time)
        }
    }
}

extension ResourceScope {
    /// The scope as an included one. Its tools are listed once: beside its own choice, if the request names it.
    fileprivate func included(namingTools isWhole: Bool) -> ConsentRequest.IncludedScope {
        .init(scope: scope, description: description, tools: isWhole ? tools : [])
    }
}
