/// What an operator says about the reach of scopes; a scope that is not named keeps what it has.
package struct ScopeChanges: Codable, Hashable, Sendable {
    /// One thing that a scope is given; an empty value gives it nothing and takes what it had.
    package struct Assignment: Codable, Hashable, Sendable {
        /// The scope.
        package var scope: String
        /// What it is given.
        package var value: String

        /// A scope and what it is given.
        package init(scope: String, value: String) {
            self.scope = scope
            self.value = value
        }
    }

    /// How fresh a sign-in a scope wants.
    package struct Freshness: Codable, Hashable, Sendable {
        /// The scope.
        package var scope: String
        /// How old a sign-in may be, in seconds; nil for as old as any.
        package var seconds: Int64?

        /// A scope and how old a sign-in may be.
        package init(scope: String, seconds: Int64?) {
            self.scope = scope
            self.seconds = seconds
        }
    }

    /// The narrower scopes that scopes include.
    package var implies: [Assignment]
    /// The tools that scopes unlock.
    package var tools: [Assignment]
    /// How fresh a sign-in scopes want.
    package var freshSignIn: [Freshness]

    /// Changes of what is named.
    package init(implies: [Assignment] = [], tools: [Assignment] = [], freshSignIn: [Freshness] = []) {
        self.implies = implies
        self.tools = tools
        self.freshSignIn = freshSignIn
    }

    /// Whether nothing is named.
    package var isEmpty: Bool { implies.isEmpty && tools.isEmpty && freshSignIn.isEmpty }
}
