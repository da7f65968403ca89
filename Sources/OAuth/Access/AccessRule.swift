/// Who may use an MCP server and which of its scopes, as far as the rule concerns one user.
///
/// The rule is a value without a clock and without a database, so every place that asks it gets the same answer.
package struct AccessRule: Hashable, Sendable {
    /// The greatest age of an identity provider's groups in seconds, where the policy of the MCP server sets none.
    package static let usualGroupAge: Int64 = 86_400

    /// Whether only listed users and the members of listed groups may use the MCP server.
    package var isRestricted = false
    /// Whether the rule lists the user by name.
    package var listsUser = false
    /// The user's memberships in the groups that the rule lists.
    package var memberships: [GroupMembership] = []
    /// The scopes that only the members of some groups may have, each with the user's memberships in these groups.
    package var restrictedScopes: [Scope: [GroupMembership]] = [:]
    /// The inclusions among the scopes of the MCP server.
    package var implications = ScopeImplications()
    /// The greatest age of an identity provider's groups in seconds.
    package var groupAge = usualGroupAge

    /// The rule of an MCP server that is open to everybody with all its scopes.
    package init() {}

    /// Whether the user may use the MCP server, and by which part of the rule.
    package enum Decision: Hashable, Sendable {
        /// The MCP server has no rule about users.
        case everybody
        /// The rule lists the user.
        case user
        /// The rule lists a group of the user.
        case group(GroupMembership)
        /// The rule lists a group of the user, which the identity provider stated too long ago.
        case outdated(GroupMembership)
        /// The rule lists neither the user nor a group of the user.
        case notListed

        /// Whether the user may use the MCP server.
        package var isAllowed: Bool {
            switch self {
            case .everybody, .user, .group: true
            case .outdated, .notListed: false
            }
        }
    }

    /// The decision at `now`. The order is policy: what cannot become outdated comes first, so that an identity provider that is
    /// down keeps nobody out who has access without it.
    package func decision(at now: Timestamp) -> Decision {
        if !isRestricted { return .everybody }
        if listsUser { return .user }
        guard let best = Self.best(of: memberships) else { return .notListed }
        return best.isCurrent(at: now, maximumAge: groupAge) ? .group(best) : .outdated(best)
    }

    /// The scopes that the user may not have at `now`.
    ///
    /// A scope that includes one of them is among them: an MCP server may grant the narrower scope to a token with the wider one.
    package func withheld(at now: Timestamp) -> ScopeSet {
        let missing = ScopeSet(
            restrictedScopes.filter { _, memberships in
                !memberships.contains { $0.isCurrent(at: now, maximumAge: groupAge) }
            }.keys.sorted())
        guard !missing.isEmpty else { return missing }
        let wider = implications.direct.keys.filter { scope in
            !implications.included(in: scope).intersection(missing).isEmpty
        }
        return missing.union(ScopeSet(wider.sorted()))
    }

    /// The membership by an administrator if there is one, else the one that was stated last.
    private static func best(of memberships: [GroupMembership]) -> GroupMembership? {
        memberships.max { one, other in
            guard let oneTime = one.learntAt else { return false }
            guard let otherTime = other.learntAt else { return true }
            return oneTime < otherTime
        }
    }
}
