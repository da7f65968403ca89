import OAuth
import Storage

/// The one place that says what an MCP server may have of a provider: asked when an elicitation is made, before a person
/// leaves, when they come back, and each time that a token is handed out.
enum ConnectionPolicy {
    /// What may be asked of the provider.
    struct Permission: Sendable {
        let provider: Provider
        let scope: ScopeSet
    }

    /// The provider and the scopes to ask for: those that are wanted, or all of the rule's. Nil is no; that there is such a
    /// provider is told to nobody who may not use it.
    static func permission(
        _ name: ProviderName, wanted: ScopeSet?, for resource: ResourceID, in transaction: Transaction
    ) throws -> Permission? {
        guard let provider = try transaction.providers.find(name),
            let rule = try transaction.providers.rule(provider: name, resource: resource)
        else { return nil }
        let scope = wanted ?? rule.scope
        guard scope.isSubset(of: rule.scope) else { return nil }
        return Permission(provider: provider, scope: scope)
    }

    /// The provider and the scopes for what an MCP server asks a person to connect.
    static func permission(
        for ask: ConnectAccountRequest, of resource: ResourceID, in transaction: Transaction
    ) throws -> Permission? {
        guard let name = try? ProviderName(ask.provider) else { return nil }
        return try permission(name, wanted: ask.scope, for: resource, in: transaction)
    }

    /// Whether what was asked for a connection is still within what the MCP server may have today.
    static func allows(_ connection: Connection, in transaction: Transaction) throws -> Bool {
        try permission(
            connection.provider, wanted: connection.asked, for: connection.resourceID, in: transaction) != nil
    }

    /// What the provider granted beyond what the MCP server may have today; nil when that is nothing, or when there is no
    /// rule to compare with and thus nothing that is handed out.
    static func excess(
        of granted: ScopeSet, at provider: ProviderName, for resource: ResourceID, in transaction: Transaction
    ) throws -> ScopeSet? {
        guard let rule = try transaction.providers.rule(provider: provider, resource: resource) else { return nil }
        let excess = rule.excess(of: granted)
        return excess.isEmpty ? nil : excess
    }
}

extension ProviderRule {
    /// The granted scopes that are neither allowed nor another name of one that is.
    func excess(of granted: ScopeSet) -> ScopeSet {
        let names = scope.union(ScopeSet(aliases.filter { scope.contains($0.scope) }.map(\.grantedAs)))
        // An older version kept `repo,read:org`, as some providers write it, as one scope.
        let each = granted.scopes.flatMap { scope in
            scope.string.split(separator: ",").compactMap { try? Scope(String($0)) }
        }
        return ScopeSet(each).subtracting(names)
    }
}
