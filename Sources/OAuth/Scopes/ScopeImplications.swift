/// The scopes of one MCP server that imply others: a token with the wider scope also has the narrower ones.
///
/// Spec: MCP 2026-07-28 §Authorization
package struct ScopeImplications: Hashable, Sendable {
    /// The direct implications of each scope; indirect ones follow from them.
    package let direct: [Scope: ScopeSet]

    /// Makes implications from the direct ones. Cycles are harmless here; `circle` finds them.
    package init(_ direct: [Scope: ScopeSet] = [:]) {
        self.direct = direct.filter { !$0.value.isEmpty }
    }

    /// The scopes in their order, followed by all scopes that they imply, the nearest first.
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

    /// The scopes that a scope implies, without itself.
    package func included(in scope: Scope) -> ScopeSet { closure(of: [scope]).subtracting([scope]) }

    /// The implications that matter for these scopes.
    package func restricted(to scopes: ScopeSet) -> ScopeImplications {
        let decisive = closure(of: scopes)
        return ScopeImplications(direct.filter { decisive.contains($0.key) })
    }

    /// A shortest cycle, with its first scope at both ends; nil if there is none.
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
