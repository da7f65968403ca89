import ArgumentParser
import AuthorizationServer

/// `gatehouse groups`: the groups of users that access rules name.
struct Groups: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "groups", abstract: "Manage the groups of users that access rules name.",
        discussion: "Add users to groups and take them out with 'gatehouse users groups'.",
        subcommands: [Add.self, List.self, Remove.self])

    struct Add: ActingCommand {
        static let configuration = CommandConfiguration(
            commandName: "add", abstract: "Add a group: a local one, or one that an identity provider fills.")
        @Argument(help: "Group name.") var name: String
        @Option(help: "Identity provider that fills the group.") var from: String?
        @Option(help: "Value by which the identity provider names the group (default: the group name).")
        var claim: String?
        @OptionGroup var act: ActOptions
        @OptionGroup var global: GlobalOptions

        func validate() throws {
            guard claim == nil || from != nil else { throw ValidationError("--claim requires --from.") }
        }

        func request(_ configuration: ServerConfiguration) -> AdministrationRequest {
            .groups(.add(name: name, provider: from, claim: claim))
        }
    }

    struct List: ListCommand {
        static let configuration = CommandConfiguration(commandName: "list", abstract: "List the groups by name.")
        @OptionGroup var page: PageOptions
        @OptionGroup var global: GlobalOptions
        var columns: [Column] {
            [
                Column("name"), Column("source"), Column("claim"), Column("members"), Column("created_at", .time),
                Column("id", .id),
            ]
        }

        func request(_ page: PageRequest) -> AdministrationRequest { .groups(.list(page)) }
    }

    struct Remove: AdministrationCommand {
        static let configuration = CommandConfiguration(
            commandName: "remove",
            abstract: "Remove a group from every access rule and revoke the sessions of users who lose access.",
            discussion: """
                A rule that listed only this group admits nobody afterwards. A group that is added again under the same name is \
                a new group without members, and no rule lists it.
                """)
        @Argument(help: "Group name.") var name: String
        @OptionGroup var revocation: RevocationOptions
        @OptionGroup var global: GlobalOptions

        func request(_ configuration: ServerConfiguration) async throws -> AdministrationRequest {
            let request = AdministrationRequest.groups(.remove(name: name, reason: revocation.reason))
            try await revocation.confirm(request, to: "remove the group '\(name)'", configuration)
            return request
        }
    }
}

/// `gatehouse users groups`: the groups of one user.
struct UserGroupsCommand: AdministrationCommand {
    static let configuration = CommandConfiguration(
        commandName: "groups", abstract: "Show or change the groups of a user.",
        discussion: """
            A change counts at once. Taking a user out of a group revokes the user's sessions at MCP servers that the user may \
            use only as a member of that group. Memberships that an identity provider states are changed there.
            """)
    @Argument(help: "User name.") var name: String
    @Option(help: "Group to add the user to (repeatable).") var add: [String] = []
    @Option(help: "Group to take the user out of (repeatable).") var remove: [String] = []
    @OptionGroup var revocation: RevocationOptions
    @OptionGroup var global: GlobalOptions
    var columns: [Column] { [Column("group"), Column("source"), Column("stated_at", .time), Column("id", .id)] }

    func request(_ configuration: ServerConfiguration) async throws -> AdministrationRequest {
        let request = AdministrationRequest.groups(
            .members(user: name, add: add, remove: remove, reason: revocation.reason))
        if !remove.isEmpty {
            try await revocation.confirm(request, to: "change the groups of the user '\(name)'", configuration)
        }
        return request
    }
}
