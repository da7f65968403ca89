import ArgumentParser
import AuthorizationServer

/// `gatehouse resources`: the MCP servers that delegate to this Gatehouse.
struct Resources: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resources", abstract: "Manage the MCP servers that delegate to this Gatehouse.",
        subcommands: [
            Add.self, List.self, Show.self, ResourceEditCommand.self, ResourcePolicyCommand.self, RotateSecret.self,
            Remove.self,
        ])

    struct Add: ActingCommand {
        static let configuration = CommandConfiguration(
            commandName: "add", abstract: "Register an MCP server; prints its secret once, unless it has keys.")
        @Argument(help: "Resource identifier, exactly as the MCP server spells it.") var uri: String?
        @Option(help: "URL of the protected resource metadata (RFC 9728) with identifier, name and scopes.")
        var from: String?
        @Option(help: "Name shown to users.") var name: String?
        @Option(help: "Accountable owner, such as a team.") var owner: String
        @OptionGroup var scopes: ScopeOptions
        @OptionGroup var reach: ScopeReachOptions
        @Option(help: "URL to which its events are pushed.") var eventsEndpoint: String?
        @OptionGroup var keys: KeyOptions
        @OptionGroup var act: ActOptions
        @OptionGroup var global: GlobalOptions

        func validate() throws {
            let ways = ExclusiveOptions([("The resource identifier", uri != nil), ("--from", from != nil)])
            guard !ways.isEmpty else { throw ValidationError("Missing the resource identifier or --from.") }
            try ways.requireOne()
            guard from != nil || name != nil else { throw ValidationError("Missing --name.") }
            _ = try scopes.drafts()
        }

        func request(_ configuration: ServerConfiguration) async throws -> AdministrationRequest {
            var draft = ResourceDraft(
                identifier: uri ?? "", name: name ?? "", owner: owner, scopes: try scopes.drafts(),
                reach: reach.changes,
                eventsEndpoint: eventsEndpoint, keys: try keys.draft())
            if let from { try await PublishedMetadata(from, configuration).complete(&draft, name: name) }
            return .resources(.add(draft))
        }
    }

    struct List: ListCommand {
        static let configuration = CommandConfiguration(commandName: "list", abstract: "List the MCP servers by name.")
        @OptionGroup var page: PageOptions
        @OptionGroup var global: GlobalOptions
        var columns: [Column] {
            [
                Column("id"), Column("resource", .link), Column("name"), Column("owner"), Column("scopes"),
                Column("created_at", .time),
            ]
        }

        func request(_ page: PageRequest) -> AdministrationRequest { .resources(.list(page)) }
    }

    struct Show: AdministrationCommand {
        static let configuration = CommandConfiguration(
            commandName: "show",
            abstract: "Show an MCP server: owner, scopes, sessions and policy.")
        @Argument(help: "MCP server (ID or URI).") var id: String
        @OptionGroup var global: GlobalOptions

        func request(_ configuration: ServerConfiguration) -> AdministrationRequest { .resources(.show(id)) }
    }

    struct RotateSecret: ActingCommand {
        static let configuration = CommandConfiguration(
            commandName: "rotate-secret",
            abstract:
                "Create a new secret for an MCP server; the old secret becomes invalid at once, or after --overlap.")
        @Argument(help: "MCP server (ID or URI).") var id: String
        @Option(help: "How long the old secret works beside the new one, such as 1h; at most 24h.") var overlap: String?
        @OptionGroup var act: ActOptions
        @OptionGroup var global: GlobalOptions

        func request(_ configuration: ServerConfiguration) -> AdministrationRequest {
            .resources(.rotateSecret(id, overlap: overlap))
        }
    }

    struct Remove: AdministrationCommand {
        static let configuration = CommandConfiguration(
            commandName: "remove", abstract: "Remove an MCP server and revoke its sessions.")
        @Argument(help: "MCP server (ID or URI).") var id: String
        @OptionGroup var revocation: RevocationOptions
        @OptionGroup var global: GlobalOptions

        func request(_ configuration: ServerConfiguration) async throws -> AdministrationRequest {
            let request = AdministrationRequest.resources(.remove(id, reason: revocation.reason))
            try await revocation.confirm(request, to: "remove the MCP server '\(id)'", configuration)
            return request
        }
    }
}
