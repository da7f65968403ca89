import ArgumentParser
import AuthorizationServer

/// Accounts at providers that people connected for MCP servers.
struct Connections: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "connections", abstract: "Accounts at providers that people connected.",
        subcommands: [List.self, Revoke.self])

    struct List: ListCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "List connections, the newest first.")
        @Option(help: "Those of a person, by name or subject.") var user: String?
        @Option(help: "Those for an MCP server, by id or URI.") var resource: String?
        @Option(help: "Those at a provider.") var provider: String?
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

    struct Revoke: AdministrationCommand {
        static let configuration = CommandConfiguration(
            commandName: "revoke", abstract: "End a connection, erase its tokens and tell the provider.")
        @Argument(help: "The connection's id.") var id: String
        @OptionGroup var global: GlobalOptions

        func request(_ configuration: ServerConfiguration) -> AdministrationRequest { .connections(.revoke(id)) }
    }
}
