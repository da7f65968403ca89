import ArgumentParser
import AuthorizationServer
import OAuth

/// What MCP servers asked people to do.
struct Elicitations: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "elicitations", abstract: "What MCP servers asked people to do.",
        subcommands: [List.self, Show.self, Cancel.self])

    static let columns = [
        Column("id"), Column("kind"), Column("user"), Column("resource", .link), Column("status"),
        Column("created_at", .time), Column("expires_at", .time),
    ]

    struct List: ListCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "List elicitations, the newest first.")
        @Option(help: "Those of a person, by name or subject.") var user: String?
        @Option(help: "Those of an MCP server, by id or URI.") var resource: String?
        @Option(help: "pending, opened, completed, declined, cancelled, expired or failed.")
        var status: ElicitationStatus?
        @OptionGroup var page: PageOptions
        @OptionGroup var global: GlobalOptions
        var columns: [Column] { Elicitations.columns }

        func request(_ page: PageRequest) -> AdministrationRequest {
            let selection = ElicitationSelection(user: user, resource: resource, status: status?.rawValue)
            return .elicitations(.list(selection, page: page))
        }
    }

    struct Show: AdministrationCommand {
        static let configuration = CommandConfiguration(commandName: "show", abstract: "Describe an elicitation.")
        @Argument(help: "The elicitation's id.") var id: String
        @OptionGroup var global: GlobalOptions

        func request(_ configuration: ServerConfiguration) -> AdministrationRequest { .elicitations(.show(id)) }
    }

    struct Cancel: AdministrationCommand {
        static let configuration = CommandConfiguration(
            commandName: "cancel", abstract: "Cancel an elicitation that still waits, and tell its MCP server.")
        @Argument(help: "The elicitation's id.") var id: String
        @OptionGroup var global: GlobalOptions

        func request(_ configuration: ServerConfiguration) -> AdministrationRequest { .elicitations(.cancel(id)) }
    }
}

extension ElicitationStatus: ExpressibleByArgument {}
