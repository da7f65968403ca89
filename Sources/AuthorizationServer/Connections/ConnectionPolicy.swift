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

    /// What the provider is asked for when the user answers this elicitation: the scopes that the MCP server asks for, and those that
    /// the user's connection already has. A new connection takes the place of the old one, and the old one's scopes with it.
    static func request(
        _ ask: ConnectAccountRequest, of elicitation: Elicitation, in transaction: Transaction
    ) throws -> Allowance? {
        guard let allowance = try allowance(for: ask, of: elicitation.resourceID, in: transaction) else { return nil }
        let name = allowance.provider.name
        guard
            let connection = try transaction.connections.find(
                user: elicitation.userID, resource: elicitation.resourceID, provider: name),
            let rule = try transaction.providers.rule(provider: name, resource: elicitation.resourceID)
        else { return allowance }
        // Only what is still allowed, and only what the user granted: what the provider's page left out is not asked again.
        let kept = connection.asked.intersection(rule.scope).scopes.filter { rule.isGranted($0, by: connection.scope) }
        return Allowance(provider: allowance.provider, scope: allowance.scope.union(ScopeSet(kept)))
    }

    /// The wanted scopes that the connection does not have. Nil if there are none.
    static func missing(
        _ wanted: ScopeSet, of connection: Connection, in transaction: Transaction
    ) throws -> ScopeSet? {
        guard
            let rule = try transaction.providers.rule(
                provider: connection.provider, resource: connection.resourceID)
        else { return wanted }
        let missing = ScopeSet(wanted.scopes.filter { !rule.isGranted($0, by: connection.scope) })
        return missing.isEmpty ? nil : missing
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
    /// Whether a grant contains the scope, by its name or by an alias.
    func isGranted(_ scope: Scope, by granted: ScopeSet) -> Bool {
        let names = Self.each(of: granted)
        return names.contains(scope) || aliases.contains { $0.scope == scope && names.contains($0.grantedAs) }
    }

    /// The granted scopes that are neither allowed nor an alias of an allowed scope.
    func excess(of granted: ScopeSet) -> ScopeSet {
        let names = scope.union(ScopeSet(aliases.filter { scope.contains($0.scope) }.map(\.grantedAs)))
        return ScopeSet(Self.each(of: granted)).subtracting(names)
    }

    /// The scopes of a grant. Some providers write `repo,read:org`, and an older version stored that as one scope.
    private static func each(of granted: ScopeSet) -> [Scope] {
        granted.scopes.flatMap { scope in scope.string.split(separator: ",").compactMap { try? Scope(String($0)) } }
    }
}
