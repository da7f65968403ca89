package import OAuth
import Storage

/// What the access rule of an MCP server allows a user, before a session exists.
struct UserAccess: Sendable {
    let decision: AccessRule.Decision
    /// The scopes that the user may not have.
    let withheld: ScopeSet

    /// Reads the rule in this transaction.
    init(of user: UserID, at resource: ResourceID, in transaction: Transaction, now: Timestamp) throws {
        let rule = try transaction.access.rule(at: resource, for: user)
        decision = rule.decision(at: now)
        withheld = rule.withheld(at: now)
    }

    /// The scopes among the requested ones that the consent page may offer. In place of a wider scope that the user may not have,
    /// the page offers the scopes that it includes.
    func offered(_ requested: ScopeSet, _ implications: ScopeImplications) -> ScopeSet {
        guard !withheld.isEmpty else { return requested }
        let parts = implications.closure(of: requested.intersection(withheld))
        return requested.union(parts).subtracting(withheld)
    }

    /// The refusal of a user who may not use the MCP server, or may have none of the requested scopes; nil for any other.
    func refusal(
        of user: User, at resource: Resource, wanting requested: ScopeSet, _ implications: ScopeImplications
    ) -> NoAccess? {
        let cause: NoAccess.Cause
        switch decision {
        case .notListed: cause = .notListed
        case .outdated(let membership): cause = .outdated(membership)
        case .everybody, .user, .group:
            guard !requested.isEmpty, offered(requested, implications).isEmpty else { return nil }
            cause = .noScope
        }
        return NoAccess(cause: cause, server: resource.name, owner: resource.owner, account: user.name)
    }

    /// The part of the rule that let the user in, for the record of an approval; nil where everybody may use the MCP server. The
    /// name of a group is what an administrator typed, so it stands in the text that can be erased.
    var ground: (reason: String, text: String?)? {
        switch decision {
        case .everybody, .notListed, .outdated: nil
        case .user: ("access rule: the user", nil)
        case .group(let membership): ("access rule: a group", "group \(membership.group) (\(membership.source))")
        }
    }
}

/// A user whom the access rule of an MCP server keeps out, as the page and the log describe it.
package struct NoAccess: Sendable {
    /// Why the user is kept out.
    package enum Cause: Sendable {
        /// The rule lists neither the user nor a group of the user.
        case notListed
        /// The rule lists a group that the identity provider stated too long ago.
        case outdated(GroupMembership)
        /// The user may use the MCP server, and may have none of the requested scopes.
        case noScope
    }

    /// Why the user is kept out.
    package let cause: Cause
    /// The registered name of the MCP server.
    package let server: String
    /// Who is accountable for the MCP server, and can be asked for access.
    package let owner: String
    /// The name of the account that is signed in.
    package let account: String

    /// The error for the client, which says no more than that the user has no access.
    package var error: OAuthError {
        OAuthError(.accessDenied, "The user does not have access to this MCP server.", reason: reason)
    }

    /// The cause in words for the log and the audit trail.
    var reason: String {
        switch cause {
        case .notListed: "the access rule does not list the user"
        case .outdated: "the groups of the user are outdated"
        case .noScope: "the access rule allows the user none of the requested scopes"
        }
    }
}
