/// Which scopes of one MCP server include others: whoever holds the wider one holds the narrower ones too.
///
/// Spec: MCP 2026-07-28 §Authorization
package struct ScopeImplications: Hashable, Sendable {
    /// What each scope includes by itself; what follows from that is not spelled out.
    package let direct: [Scope: ScopeSet]

    /// Takes what each scope includes; circles do no harm here and are for `circle` to find.
    package init(_ direct: [Scope: ScopeSet] = [:]) {
        self.direct = direct.filter { !$0.value.isEmpty }
    }

    /// The scopes and all that they include: they themselves in their order, then the others, the nearest first.
    package func closure(of scopes: ScopeSet) -> ScopeSet {
        var reached = scopes.scopes
        var members = Set(reached)
        var next = 0
        while next < reached.count {
            for scope in direct[reached[next]]?.scopes ?? [] where members.insert(scope).inserted {
                reached.append(scope)
            }
            next += 1
        }
        return ScopeSet(reached)
    }

    /// What a scope brings along, itself left out.
    package func included(in scope: Scope) -> ScopeSet { closure(of: [scope]).subtracting([scope]) }

    /// As much of it as decides about these scopes.
    package func restricted(to scopes: ScopeSet) -> ScopeImplications {
        let decisive = closure(of: scopes)
        return ScopeImplications(direct.filter { decisive.contains($0.key) })
    }

    /// A shortest way from a scope back to itself, that scope at both ends; nil where no scope includes itself.
    package var circle: [Scope]? {
        direct.keys.sorted().lazy.compactMap(wayBack).first
    }

    private func wayBack(to start: Scope) -> [Scope]? {
        var ways = [[start]]
        var seen: Set<Scope> = []
        var next = 0
        while next < ways.count {
            let way = ways[next]
            next += 1
            for scope in way.last.flatMap({ direct[$0] })?.scopes ?? [] {
                if scope == start { return way + [scope] }
                if seen.insert(scope).inserted { ways.append(way + [scope]) }
            }
        }
        return nil
    }
}
