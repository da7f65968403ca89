/// Scopes without doubles, in the order in which they were named.
///
/// Spec: RFC 6749 §3.3
package struct ScopeSet: Hashable, Sendable, ExpressibleByArrayLiteral, CustomStringConvertible {
    /// How many scopes are read at once.
    package static let maximumCount = 64
    static let maximumLength = 8192

    /// The scopes in their order.
    package let scopes: [Scope]
    private let members: Set<Scope>

    /// Makes a set; a scope named twice counts once, at its first place.
    package init(_ scopes: some Sequence<Scope>) {
        var members: Set<Scope> = []
        self.scopes = scopes.filter { members.insert($0).inserted }
        self.members = members
    }

    /// A set written out in code.
    package init(arrayLiteral scopes: Scope...) {
        self.init(scopes)
    }

    /// Reads a `scope` value in linear time; surplus blanks are passed over, at most 64 scopes are taken.
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

    /// The value on the wire: the scopes with one blank between them.
    package var string: String { scopes.map(\.string).joined(separator: " ") }
    /// The same as `string`.
    package var description: String { string }
    /// Whether there is no scope in it.
    package var isEmpty: Bool { scopes.isEmpty }
    /// How many scopes there are.
    package var count: Int { scopes.count }

    /// Whether the scope is one of these.
    package func contains(_ scope: Scope) -> Bool { members.contains(scope) }
    /// Whether every one of these is also among the others.
    package func isSubset(of other: ScopeSet) -> Bool { members.isSubset(of: other.members) }
    /// Those that both have, in this set's order.
    package func intersection(_ other: ScopeSet) -> ScopeSet { ScopeSet(scopes.filter(other.contains)) }
    /// Those that either has, this set's first.
    package func union(_ other: ScopeSet) -> ScopeSet { ScopeSet(scopes + other.scopes) }
    /// Those that the other does not have.
    package func subtracting(_ other: ScopeSet) -> ScopeSet { ScopeSet(scopes.filter { !other.contains($0) }) }

    /// Sets are equal when they hold the same scopes, whatever the order.
    package static func == (one: ScopeSet, other: ScopeSet) -> Bool { one.members == other.members }
    /// Hashes what `==` compares.
    package func hash(into hasher: inout Hasher) { hasher.combine(members) }

    /// What OpenID Connect clients ask for to learn who somebody is. It names no right at an MCP server that does not have a
    /// scope of that name.
    ///
    /// Spec: OpenID Connect Core §5.4
    package static let identity = ScopeSet(
        ["openid", "profile", "email", "address", "phone", "groups"].map(Scope.init(known:)))

    /// `offline_access` alone.
    package static let offlineAccess: ScopeSet = [.offlineAccess]
}
