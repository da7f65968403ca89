import ArgumentParser
import AuthorizationServer

/// `gatehouse connections`: accounts at providers that users connected for MCP servers.
struct Connections: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "connections", abstract: "List and revoke connections to users' accounts at providers.",
        subcommands: [List.self, Revoke.self])

    struct List: ListCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "List connections, newest first.")
        @Option(help: "Only connections of this user (name or subject).") var user: String?
        @Option(help: "Only connections for this MCP server (ID or URI).") var resource: String?
        @Option(help: "Only connections at this provider (name).") var provider: String?
        @OptionGroup var page: PageOptions
        @OptionGroup var global: GlobalOptions
        var columns: [Column] {
            [
                Column("id"), Column("user"), Column("resource", .link), Column("provider"), Column("scope"),
                Column("state"),
                Column("created_at", .time),
            ]
        }

        func request(_ page: PageRequest) -> AdministrationRequest {
            .connections(
                .list(ConnectionSelection(user: user, resource: resource, provider: provider), page: page))
        }
    }

    struct Revoke: ActingCommand {
        static let configuration = CommandConfiguration(
            commandName: "revoke", abstract: "Revoke a connection here and at the provider, and erase its tokens.")
        @Argument(help: "Connection ID.") var id: String
        @OptionGroup var act: ActOptions
        @OptionGroup var global: GlobalOptions

        func request(_ configuration: ServerConfiguration) -> AdministrationRequest { .connections(.revoke(id)) }
    }
}
