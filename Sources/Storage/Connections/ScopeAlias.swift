package import OAuth

/// Another name of a scope in a provider's answer, as Google grants `email` as a URL.
package struct ScopeAlias: Hashable, Sendable {
    /// The scope in the request.
    package let scope: Scope
    /// The scope in the provider's answer.
    package let grantedAs: Scope

    /// An alias.
    package init(_ scope: Scope, grantedAs: Scope) {
        self.scope = scope
        self.grantedAs = grantedAs
    }

    // A scope contains neither a blank nor a line end, so these separate pairs and lines.
    static func text(_ aliases: [ScopeAlias]) -> String {
        aliases.map { "\($0.scope) \($0.grantedAs)" }.joined(separator: "\n")
    }

    static func read(_ text: String) throws -> [ScopeAlias] {
        try text.split(separator: "\n").map { line in
            let names = line.split(separator: " ")
            guard names.count == 2 else { throw StoreError.constraint("a scope alias that is no pair of scopes") }
            return try ScopeAlias(Scope(names[0]), grantedAs: Scope(names[1]))
        }
    }
}
