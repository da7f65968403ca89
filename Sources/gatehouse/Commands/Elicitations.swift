import ArgumentParser
import AuthorizationServer
import OAuth

/// `gatehouse elicitations`: what MCP servers ask users to do.
struct Elicitations: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "elicitations", abstract: "List, inspect and cancel elicitations.",
        subcommands: [List.self, Show.self, Cancel.self])

    static let columns = [
        Column("id"), Column("kind"), Column("user"), Column("resource", .link), Column("status", "STATE"),
        Column("created_at", .time), Column("expires_at", .time),
    ]

    struct List: ListCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "List elicitations, newest first.")
        @Option(help: "Only elicitations for this user (name or subject).") var user: String?
        @Option(help: "Only elicitations of this MCP server (ID or URI).") var resource: String?
        @Option(help: "Only elicitations in this state.") var state: ElicitationStatus?
        // The former spelling, kept for one version.
        @Option(name: .customLong("status"), help: .hidden) var formerStatus: ElicitationStatus?
        @OptionGroup var page: PageOptions
        @OptionGroup var global: GlobalOptions
        var columns: [Column] { Elicitations.columns }

        func request(_ page: PageRequest) -> AdministrationRequest {
            let selection = ElicitationSelection(
                user: user, resource: resource, status: (state ?? formerStatus)?.rawValue)
            return .elicitations(.list(selection, page: page))
        }
    }

    struct Show: AdministrationCommand {
        static let configuration = CommandConfiguration(commandName: "show", abstract: "Show an elicitation.")
        @Argument(help: "Elicitation ID.") var id: String
        @OptionGroup var global: GlobalOptions

        func request(_ configuration: ServerConfiguration) -> AdministrationRequest { .elicitations(.show(id)) }
    }

    struct Cancel: ActingCommand {
        static let configuration = CommandConfiguration(
            commandName: "cancel", abstract: "Cancel open elicitations and notify their MCP servers.")
        @Argument(help: "Elicitation IDs.") var ids: [String]
        @OptionGroup var act: ActOptions
        @OptionGroup var global: GlobalOptions
        var columns: [Column] { Elicitations.columns }

        func request(_ configuration: ServerConfiguration) -> AdministrationRequest { .elicitations(.cancel(ids)) }
    }
}

extension ElicitationStatus: ExpressibleByArgument {}
