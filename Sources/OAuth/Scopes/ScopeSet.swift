/// Distinct scopes in the order of their first occurrence.
///
/// Spec: RFC 6749 §3.3
package struct ScopeSet: Hashable, Sendable, ExpressibleByArrayLiteral, CustomStringConvertible {
    /// The largest number of scopes that `init(parsing:)` accepts.
    package static let maximumCount = 64
    static let maximumLength = 8192

    /// The scopes in their order.
    package let scopes: [Scope]
    private let members: Set<Scope>

    /// Makes a set; repeated scopes count once, at their first position.
    package init(_ scopes: some Sequence<Scope>) {
        var members: Set<Scope> = []
        self.scopes = scopes.filter { members.insert($0).inserted }
        self.members = members
    }

    /// Makes a set from a literal.
    package init(arrayLiteral scopes: Scope...) {
        self.init(scopes)
    }

    /// Parses a `scope` value of at most 64 scopes in linear time; extra spaces are ignored.
    package init(parsing text: String) throws(OAuthValueError) {
        guard text.utf8.count <= Self.maximumLength else {
            throw OAuthValueError("Ask for fewer scopes: the list may have at most \(Self.maximumLength) characters.")
        }
        var scopes: [Scope] = []
        var members: Set<Scope> = []
        for token in text.split(separator: " ") {
            let scope = try Scope(token)
            guard members.insert(scope).inserted else { continue }
            guard scopes.count < Self.maximumCount else {
                throw OAuthValueError("Ask for at most \(Self.maximumCount) scopes.")
            }
            scopes.append(scope)
        }
        self.scopes = scopes
        self.members = members
    }

    /// The `scope` value: the scopes separated by single spaces.
    package var string: String { scopes.map(\.string).joined(separator: " ") }
    /// The same as `string`.
    package var description: String { string }
    /// Whether the set is empty.
    package var isEmpty: Bool { scopes.isEmpty }
    /// The number of scopes.
    package var count: Int { scopes.count }

    /// Whether the set contains the scope.
    package func contains(_ scope: Scope) -> Bool { members.contains(scope) }
    /// Whether the other set contains every scope of this one.
    package func isSubset(of other: ScopeSet) -> Bool { members.isSubset(of: other.members) }
    /// The scopes of both sets, in this set's order.
    package func intersection(_ other: ScopeSet) -> ScopeSet { ScopeSet(scopes.filter(other.contains)) }
    /// The scopes of either set, this set's first.
    package func union(_ other: ScopeSet) -> ScopeSet { ScopeSet(scopes + other.scopes) }
    /// The scopes of this set that the other one lacks.
    package func subtracting(_ other: ScopeSet) -> ScopeSet { ScopeSet(scopes.filter { !other.contains($0) }) }

    /// Whether both sets have the same scopes, in any order.
    package static func == (one: ScopeSet, other: ScopeSet) -> Bool { one.members == other.members }
    /// Hashes what `==` compares.
    package func hash(into hasher: inout Hasher) { hasher.combine(members) }

    /// The scopes by which OpenID Connect clients request identity claims. They grant nothing at an MCP server without scopes of
    /// these names.
    ///
    /// Spec: OpenID Connect Core §5.4
    package static let identity = ScopeSet(
        ["openid", "profile", "email", "address", "phone", "groups"].map(Scope.init(known:)))

    /// `offline_access` alone.
    package static let offlineAccess: ScopeSet = [.offlineAccess]
}
