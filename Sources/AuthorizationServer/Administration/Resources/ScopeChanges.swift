/// Changes to the reach of scopes. A scope that is not named stays unchanged.
package struct ScopeChanges: Codable, Hashable, Sendable {
    /// One value for a scope, such as a tool. An empty value clears the scope's list.
    package struct Assignment: Codable, Hashable, Sendable {
        /// The scope.
        package var scope: String
        /// The value.
        package var value: String

        /// A scope and a value.
        package init(scope: String, value: String) {
            self.scope = scope
            self.value = value
        }
    }

    /// The maximum age of the sign-in for a scope.
    package struct Freshness: Codable, Hashable, Sendable {
        /// The scope.
        package var scope: String
        /// The maximum age of the sign-in in seconds; nil for any age.
        package var seconds: Int64?

        /// A scope and a maximum age.
        package init(scope: String, seconds: Int64?) {
            self.scope = scope
            self.seconds = seconds
        }
    }

    /// The narrower scopes that scopes include.
    package var implies: [Assignment]
    /// The tools that scopes unlock.
    package var tools: [Assignment]
    /// The maximum age of the sign-in for scopes.
    package var freshSignIn: [Freshness]

    /// Changes to the given scopes.
    package init(implies: [Assignment] = [], tools: [Assignment] = [], freshSignIn: [Freshness] = []) {
        self.implies = implies
        self.tools = tools
        self.freshSignIn = freshSignIn
    }

    /// Whether no scope changes.
    package var isEmpty: Bool { implies.isEmpty && tools.isEmpty && freshSignIn.isEmpty }
}
