package import OAuth

/// Another name by which a provider grants a scope that was asked for, as Google grants `email` as a URL.
package struct ScopeAlias: Hashable, Sendable {
    /// The scope as it is asked for.
    package let scope: Scope
    /// The scope as the provider names it when it grants it.
    package let grantedAs: Scope

    /// An alias.
    package init(_ scope: Scope, grantedAs: Scope) {
        self.scope = scope
        self.grantedAs = grantedAs
    }

    // Scopes hold no blanks and no line ends, whatever else they hold.
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
