import ArgumentParser
import AuthorizationServer

/// The options of `resources policy` that say who may use an MCP server.
struct AccessOptions: ParsableArguments {
    @Option(
        help: """
            Group that may use the MCP server (repeatable, replaces the listed groups; '' for none). Sessions of users who lose access are revoked.
            """)
    var allowGroup: [String] = []
    @Option(
        help: """
            User who may use the MCP server (repeatable, replaces the listed users; '' for none). Sessions of users who lose access are revoked.
            """)
    var allowUser: [String] = []
    @Flag(help: "Let everybody use the MCP server.") var allowEverybody = false
    @Option(
        help: """
            Group that may have a scope, such as 'files:write=editors' (repeatable, replaces the groups of the scope; 'files:write=' for everybody).
            """)
    var scopeGroup: [ScopeAssignment] = []
    @Option(
        help: """
            Maximum age of the groups that an identity provider states, 1m to 365d; 'default' for 24h.
            """)
    var groupMaxAge: String?

    var change: AccessChange {
        AccessChange(
            allowsEverybody: allowEverybody, groups: allowGroup.isEmpty ? nil : allowGroup.filter { !$0.isEmpty },
            users: allowUser.isEmpty ? nil : allowUser.filter { !$0.isEmpty },
            scopeGroups: scopeGroup.map(\.assignment), groupAge: groupMaxAge)
    }

    func validate() throws {
        try ExclusiveOptions([
            ("--allow-everybody", allowEverybody), ("--allow-group", !allowGroup.isEmpty || !allowUser.isEmpty),
        ]).requireOne()
    }
}
