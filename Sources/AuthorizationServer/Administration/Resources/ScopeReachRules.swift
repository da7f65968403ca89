import JOSE
import OAuth
import Storage

extension ScopeChanges {
    private static let mostTools = 64
    /// In seconds. A browser login lasts at most half a day, and a user needs more than a few seconds to read the consent page.
    private static let freshness: ClosedRange<Int64> = 60...43_200

    /// The scopes after these changes. Throws for the first invalid change.
    func applied(to scopes: [ResourceScope]) throws -> [ResourceScope] {
        let known = ScopeSet(scopes.map(\.scope))
        let implied = try Self.lists(implies, known) { try Self.checked($0, known) }
        let unlocked = try Self.lists(tools, known) { try ToolName($0) }
        let fresh = try Dictionary(freshSignIn.map { (try Self.checked($0.scope, known), try Self.checked($0)) }) {
            _, _ in throw AdministrationError(.invalid, "Give --fresh-sign-in only once for each scope.")
        }
        if let (scope, _) = unlocked.first(where: { $0.value.count > Self.mostTools }) {
            throw AdministrationError(
                .invalid, "Too many tools: the scope '\(scope)' can unlock at most \(Self.mostTools).")
        }
        let changed = scopes.map { scope in
            var scope = scope
            scope.implies = implied[scope.scope].map { ScopeSet($0) } ?? scope.implies
            scope.tools = unlocked[scope.scope] ?? scope.tools
            scope.freshSeconds = fresh[scope.scope] ?? scope.freshSeconds
            return scope
        }
        if let circle = changed.implications.circle {
            let way = circle.map(\.string).joined(separator: " → ")
            throw AdministrationError(.invalid, "Scopes must not include each other in a circle: \(way).")
        }
        return changed
    }

    /// The values of each named scope, in their order and without duplicates; an empty list for a scope that is cleared.
    private static func lists<Value: Hashable>(
        _ assignments: [Assignment], _ known: ScopeSet, _ read: (String) throws -> Value
    ) throws -> [Scope: [Value]] {
        var lists: [Scope: [Value]] = [:]
        for assignment in assignments {
            let scope = try checked(assignment.scope, known)
            var list = lists[scope] ?? []
            if !assignment.value.isEmpty {
                let value = try read(assignment.value)
                if !list.contains(value) { list.append(value) }
            }
            lists[scope] = list
        }
        return lists
    }

    private static func checked(_ name: String, _ known: ScopeSet) throws -> Scope {
        let scope = try Scope(name)
        guard known.contains(scope) else {
            throw AdministrationError(
                .invalid, "Scope '\(scope)' not found. Use a scope with which the MCP server was registered.")
        }
        return scope
    }

    private static func checked(_ change: Freshness) throws -> Int64? {
        guard let seconds = change.seconds else { return nil }
        guard freshness.contains(seconds) else {
            throw AdministrationError(.invalid, "The maximum age of a sign-in must be from 1m to 12h, such as 5m.")
        }
        return seconds
    }
}

extension ResourceScope {
    /// The row of a scope's reach.
    var reach: JSONObject {
        [
            "scope": .string(scope.string), "implies": .strings(implies.scopes.map(\.string)),
            "tools": .strings(tools.map(\.string)),
            "fresh_sign_in": JSON(freshSeconds.map(Lifetime.text)),
        ]
    }
}
