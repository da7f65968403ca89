package import OAuth

/// The users and groups whom an access rule lists.
package struct AccessList: Hashable, Sendable {
    package var users: [UserID]
    package var groups: [GroupID]

    /// A list; without arguments nobody is on it.
    package init(users: [UserID] = [], groups: [GroupID] = []) {
        self.users = users
        self.groups = groups
    }

    /// The list without a group.
    package func without(_ removed: [GroupID]) -> AccessList {
        AccessList(users: users, groups: groups.filter { !removed.contains($0) })
    }
}

/// The access rule of an MCP server, as an administrator sets it.
package struct AccessSettings: Hashable, Sendable {
    /// The users and groups who may use the MCP server; nil for everybody.
    package var list: AccessList?
    /// The groups who may have a scope; everybody who may use the MCP server may have a scope that is not named.
    package var scopes: [Scope: [GroupID]]
    /// The greatest age of an identity provider's groups in seconds; nil for the usual one.
    package var groupAge: Int64?

    /// Settings; without arguments everybody may use the MCP server with all its scopes.
    package init(list: AccessList? = nil, scopes: [Scope: [GroupID]] = [:], groupAge: Int64? = nil) {
        self.list = list
        self.scopes = scopes
        self.groupAge = groupAge
    }
}
