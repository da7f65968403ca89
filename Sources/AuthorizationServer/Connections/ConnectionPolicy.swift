import OAuth
import Storage

/// Decides what an MCP server may have of a provider. It is asked when an elicitation is created, before the user
/// leaves for the provider, at the callback, and each time a token is handed out.
enum ConnectionPolicy {
    /// A provider and the scopes that an MCP server may request there.
    struct Allowance: Sendable {
        let provider: Provider
        let scope: ScopeSet
    }

    /// The allowance for the `wanted` scopes, or for all scopes of the rule if none are named. Nil if the MCP server
    /// may not have them; an MCP server without a rule does not learn whether the provider exists.
    static func allowance(
        _ name: ProviderName, wanted: ScopeSet?, for resource: ResourceID, in transaction: Transaction
    ) throws -> Allowance? {
        guard let provider = try transaction.providers.find(name),
            let rule = try transaction.providers.rule(provider: name, resource: resource)
        else { return nil }
        let scope = wanted ?? rule.scope
        guard scope.isSubset(of: rule.scope) else { return nil }
        return Allowance(provider: provider, scope: scope)
    }

    /// The allowance for what an MCP server asks a user to connect.
    static func allowance(
        for ask: ConnectAccountRequest, of resource: ResourceID, in transaction: Transaction
    ) throws -> Allowance? {
        guard let name = try? ProviderName(ask.provider) else { return nil }
        return try allowance(name, wanted: ask.scope, for: resource, in: transaction)
    }

    /// Whether the MCP server may still have the scopes that were requested for the connection.
    static func allows(_ connection: Connection, in transaction: Transaction) throws -> Bool {
        try allowance(
            connection.provider, wanted: connection.asked, for: connection.resourceID, in: transaction) != nil
    }

    /// The scopes that the provider granted beyond what the MCP server may have now. Nil if there are none, or if there
    /// is no rule to compare with; without a rule no token is handed out at all.
    static func excess(
        of granted: ScopeSet, at provider: ProviderName, for resource: ResourceID, in transaction: Transaction
    ) throws -> ScopeSet? {
        guard let rule = try transaction.providers.rule(provider: provider, resource: resource) else { return nil }
        let excess = rule.excess(of: granted)
        return excess.isEmpty ? nil : excess
    }
}

extension ProviderRule {
    /// The granted scopes that are neither allowed nor an alias of an allowed scope.
    func excess(of granted: ScopeSet) -> ScopeSet {
        let names = scope.union(ScopeSet(aliases.filter { scope.contains($0.scope) }.map(\.grantedAs)))
        // Some providers write `repo,read:org`, and an older version stored that as one scope.
        let each = granted.scopes.flatMap { scope in
            scope.string.split(separator: ",").compactMap { try? Scope(String($0)) }
        }
        return ScopeSet(each).subtracting(names)
    }
}
